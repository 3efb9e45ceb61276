variable "a" {
 validation {
  condition = length(var.b) > 1
  error_message = "x"
 }
}
