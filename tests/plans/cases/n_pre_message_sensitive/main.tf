variable "v" {
  default   = "secret"
  sensitive = true
}
resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = length(var.v) > 10
      error_message = "Value ${var.v} is short."
    }
  }
}
