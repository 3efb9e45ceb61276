resource "terraform_data" "a" {
 input = "new"
}
resource "terraform_data" "b" { input = terraform_data.a.id }
resource "terraform_data" "c" { input = length(terraform_data.a.output) }
