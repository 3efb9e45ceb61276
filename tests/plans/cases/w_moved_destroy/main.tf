resource "terraform_data" "n" {}
moved {
 from = terraform_data.o
 to = terraform_data.n
}
