resource "terraform_data" "a2" {}
resource "terraform_data" "b" {
  input      = 1
  depends_on = [terraform_data.a2]
}
moved {
  from = terraform_data.a
  to   = terraform_data.a2
}
