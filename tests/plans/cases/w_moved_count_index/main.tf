resource "terraform_data" "a" {
 count = 2
 input = count.index
}
moved {
 from = terraform_data.a[2]
 to = terraform_data.a[0]
}
