module "m" {
  source = "./m"
  none   = 1
}
output "o" {
  value = local.nope
}
resource "terraform_data" "a" {
  wrong = 1
}
