variable "n" {
  default = 1
}
resource "terraform_data" "a" {
  input            = var.n
  triggers_replace = var.n
}
resource "terraform_data" "c" {
  input = terraform_data.a.id
  lifecycle {
    create_before_destroy = true
  }
}
