resource "terraform_data" "a" { input = each.key }
resource "terraform_data" "b" { input = count.index }
resource "terraform_data" "c" {
 count = 1
 input = each.value
}
