module "m" {
  source   = "./m"
  for_each = toset(["x"])
}
resource "terraform_data" "a" {}
