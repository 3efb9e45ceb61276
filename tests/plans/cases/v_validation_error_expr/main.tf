variable "b" {
 default = "x"
 validation {
  condition = tonumber(var.b) > 1
  error_message = "n"
 }
 validation {
  condition = can(tonumber(var.b))
  error_message = "no number: ${upper(var.b)}"
 }
}
