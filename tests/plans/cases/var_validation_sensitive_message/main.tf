variable "pw" {
 default = "short"
 sensitive = true
 validation {
  condition = length(var.pw) > 10
  error_message = "pw ${var.pw} is short"
 }
}
