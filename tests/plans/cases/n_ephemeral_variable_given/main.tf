variable "e" {
  ephemeral = true
  type = string
}
resource "terraform_data" "a" { input = length(ephemeralasnull(var.e) == null ? "a" : "bb") }
