resource "terraform_data" "a" { input = 1 }
output "o" {
  value = terraform_data.a.id
  precondition {
    condition     = terraform_data.a.output > 5
    error_message = "Small."
  }
}
