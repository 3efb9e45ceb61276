resource "terraform_data" "a" { count = length([terraform_data.u.id, "x"]) }
resource "terraform_data" "u" {}
resource "terraform_data" "b" { for_each = { k = terraform_data.u.id } 
 input = each.value }
