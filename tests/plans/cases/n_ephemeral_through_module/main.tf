variable "e" {
  ephemeral = true
  default   = "x"
}
module "m" {
  source = "./m"
  v      = var.e
}
output "n" { value = ephemeralasnull(module.m.o) == null }
