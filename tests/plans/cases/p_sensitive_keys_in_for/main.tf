variable "s" {
  default   = ["a", "b"]
  sensitive = true
}
resource "terraform_data" "a" { for_each = toset(nonsensitive(var.s)) }
output "o" { value = keys(terraform_data.a) }
