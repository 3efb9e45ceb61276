variable "pw" {
 default = "s"
 sensitive = true
}
resource "terraform_data" "a" {
 lifecycle {
  precondition {
   condition = length(var.pw) > 10
   error_message = "pw ${var.pw} is short"
  }
 }
}
