module "m" {
  source = "./m"
}
data "terraform_remote_state" "gone" {
  backend = "local"
  config  = { path = "other.tfstate" }
}
resource "terraform_data" "a" {}
