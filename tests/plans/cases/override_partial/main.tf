resource "terraform_data" "a" {
 input = 1
 triggers_replace = 1
}
variable "v" {
 default = 1
 description = "d"
}
output "o" { value = var.v }
locals {
 x = 1
 y = 2
}
output "l" { value = [local.x, local.y] }
