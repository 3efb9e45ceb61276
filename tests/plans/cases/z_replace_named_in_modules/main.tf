resource "terraform_data" "a" { input = 1 }
module "m" {
  source   = "./m"
  for_each = toset(["x", "y"])
}
module "n" { source = "./n" }
