resource "terraform_data" "counted" {
  for_each = toset(["k"])
}
resource "terraform_data" "keyed" {
  count = 2
}
module "m" {
  count = 1
}
