variable "free" {
  default   = { a = 1 }
  type      = any
  sensitive = true
}
variable "n" {
  default = 1
}
resource "terraform_data" "a" {}
output "p" {
  value = try(sensitive(terraform_data.a.id), "none")
}
output "q" {
  value = try(var.free.a, "none")
}
resource "terraform_data" "b" {
  lifecycle {
    precondition {
      condition     = var.n == 2
      error_message = "No."
    }
  }
}
