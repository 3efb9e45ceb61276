variable "l" {
  default = []
}
resource "terraform_data" "a" {
  count = 1
}
resource "terraform_data" "b" {
  count = var.l[0]
}
