variable "dev" {
  default = false
}

variable "name" {
  default = "a"
}

variable "sites" {
  default = ["one", "two"]
}

module "site" {
  source   = "./site"
  for_each = toset(var.sites)
}

resource "terraform_data" "made_of" {
  input = { guarded = !var.dev, upper = upper(var.name), plain = var.name }
}
