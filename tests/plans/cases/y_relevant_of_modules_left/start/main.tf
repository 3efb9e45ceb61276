module "m" {
  source   = "./m"
  for_each = toset(["x", "y"])
}
resource "terraform_data" "b" {
  input = 1
}
