removed {
 from = terraform_data.a
 lifecycle { destroy = true }
}
resource "terraform_data" "b" {}
