resource "terraform_data" "counted" {
  count = 2
  input = "base"
}
resource "terraform_data" "keyed" {
  for_each = toset(["k"])
  input    = "base"
}
module "m" {
  source   = "./m"
  for_each = toset(["x"])
}
