# What a call passes is known, but a check of the text is for whatever could be passed.
variable "labels" {
  type    = map(string)
  default = null
}

module "m" {
  source = "./m"
  names  = null
  size   = 5
  extra  = var.labels
}

output "size" {
  value = module.m.size
}
