variable "x" {}
resource "terraform_data" "b" {
  input            = var.x
  triggers_replace = var.x
}
