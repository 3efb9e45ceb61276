resource "terraform_data" "a" { input = 2 }
resource "terraform_data" "b" {
 depends_on = [terraform_data.a]
}
