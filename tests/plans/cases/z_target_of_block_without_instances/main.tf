resource "terraform_data" "a" { count = 2 }
resource "terraform_data" "b" {
  for_each = {}
  input    = terraform_data.a[0].id
}
