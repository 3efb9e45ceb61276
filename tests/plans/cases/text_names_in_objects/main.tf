variable "n" {
  default = 1
}
resource "terraform_data" "a" {
  input = { id = "a", x = 2, name = "q", y = 3 }
}
output "o" {
  value = { tags = "a", x = var.n, deep = { id = 5, x = var.n } }
}
output "m" {
  value = tomap({ id = "a", x = var.n, y = 3 })
}
