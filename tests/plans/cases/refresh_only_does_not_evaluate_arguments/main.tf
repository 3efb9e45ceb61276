variable "n" {
  default = null
  type    = number
}
resource "terraform_data" "a" {
  input = var.n + 1
}
