module "m" { source = var.x }
variable "x" {}
