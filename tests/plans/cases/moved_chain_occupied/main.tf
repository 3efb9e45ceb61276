resource "terraform_data" "b" {}
resource "terraform_data" "c" {}
moved {
 from = terraform_data.a
 to = terraform_data.b
}
moved {
 from = terraform_data.b2
 to = terraform_data.c
}
