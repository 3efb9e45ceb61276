variable "e" {
  ephemeral = true
  type      = number
}
locals { d = var.e * 2 }
resource "terraform_data" "a" { input = ephemeralasnull(local.d) }
