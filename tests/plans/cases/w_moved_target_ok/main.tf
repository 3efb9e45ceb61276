resource "terraform_data" "n" {}
resource "terraform_data" "x" {}
moved {
 from = terraform_data.o
 to = terraform_data.n
}
