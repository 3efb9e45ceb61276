resource "terraform_data" "a" {
 for_each = toset([for i in range(2) : i])
}
