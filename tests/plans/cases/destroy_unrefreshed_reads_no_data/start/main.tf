data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "first.tfstate" }
}
resource "terraform_data" "a" {
  input = 1
}
