locals { t = "true" }
check "c" {
 assert {
  condition = local.t
  error_message = "x"
 }
}
resource "terraform_data" "a" {
 lifecycle {
  precondition {
   condition = local.t
   error_message = "y"
  }
 }
}
