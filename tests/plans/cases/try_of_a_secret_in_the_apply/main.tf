resource "terraform_data" "a" {}
output "p" {
  value = try(sensitive(terraform_data.a.id), "none")
}
