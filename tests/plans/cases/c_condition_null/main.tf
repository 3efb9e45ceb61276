variable "n" {
 type = bool
 default = null
}
resource "terraform_data" "a" {
 lifecycle {
  precondition {
   condition = var.n
   error_message = "y"
  }
 }
}
