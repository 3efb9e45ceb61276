variable "e" {
 default = "x"
 ephemeral = true
}
locals { l = "a-${var.e}" }
resource "terraform_data" "a" { input = local.l }
