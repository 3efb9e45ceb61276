resource "terraform_data" "n" { input = 1 }
moved {
 from = terraform_data.o
 to = terraform_data.n
}
