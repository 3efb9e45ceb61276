resource "terraform_data" "a" {
 lifecycle {
  create_before_destroy = "maybe"
  prevent_destroy = var.x
  nope = 1
 }
}
