resource "terraform_data" "none" {
  count = 0
}
resource "terraform_data" "many" {
  count = 2
}
resource "terraform_data" "one" {}
resource "terraform_data" "a" {
  lifecycle { replace_triggered_by = [terraform_data.none] }
}
resource "terraform_data" "b" {
  lifecycle { replace_triggered_by = [terraform_data.many[2]] }
}
resource "terraform_data" "c" {
  lifecycle { replace_triggered_by = [terraform_data.many.output] }
}
resource "terraform_data" "d" {
  lifecycle { replace_triggered_by = [terraform_data.one["x"]] }
}
module "m" {
  source   = "./m"
  for_each = toset(["x"])
}
