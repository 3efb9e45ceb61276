variable "many" {
  type    = set(string)
  default = []
}
resource "terraform_data" "one" {
  input = "x"
}
resource "terraform_data" "two" {
  for_each = var.many
}
module "inner" {
  source = "./inner"
}
