variable "e" {
  ephemeral = true
  default   = "x"
}
resource "terraform_data" "a" { input = { a = { b = [1, var.e] } } }
