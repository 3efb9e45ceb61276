variable "e" {
 default = 1
 ephemeral = true
}
resource "terraform_data" "a" { count = var.e }
resource "terraform_data" "b" { for_each = toset([tostring(var.e)]) }
output "o" { value = var.e }
