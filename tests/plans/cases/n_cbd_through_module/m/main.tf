variable "v" {}
resource "terraform_data" "b" {
  triggers_replace = var.v
  lifecycle { create_before_destroy = true }
}
