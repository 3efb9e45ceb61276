variable "e" {
  ephemeral = true
  default   = "x"
}
module "a" {
  source = "./a"
  v      = var.e
}
module "b" {
  source = "./b"
  v      = module.a.o
}
