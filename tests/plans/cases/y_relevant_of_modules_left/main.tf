variable "keys" { default = ["x", "z"] }
module "m" {
  source   = "./m"
  for_each = toset(var.keys)
}
resource "terraform_data" "b" {
  input = 2
}
