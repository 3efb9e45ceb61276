variable "e" {
  ephemeral = true
  default   = "x"
}
locals { l = "${var.e}-y" }
output "o" { value = local.l }
output "p" {
  value     = local.l
  ephemeral = true
}
