variable "v" {}
check "c" {
 assert {
  condition = var.v == "a"
  error_message = "v is ${var.v}"
 }
 assert {
  condition = true == (var.v != "zz")
  error_message = "zz"
 }
}
