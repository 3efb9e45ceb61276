variable "n" {
 type = number
 default = null
}
resource "terraform_data" "a" { count = var.n }
