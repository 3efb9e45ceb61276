resource "terraform_data" "a" {}
moved {
 from = terraform_data.never
 to = terraform_data.a
}
