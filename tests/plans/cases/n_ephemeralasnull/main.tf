variable "e" {
  ephemeral = true
  type = object({ a = string, b = number })
  default   = { a = "x", b = 1 }
}
resource "terraform_data" "a" { input = ephemeralasnull({ k = var.e, l = 5 }) }
output "o" { value = ephemeralasnull(var.e) }
