resource "terraform_data" "a" {}
output "o" {
  value = terraform_data.a.id
  precondition {
    condition     = path.module != ""
    error_message = "No."
  }
}
