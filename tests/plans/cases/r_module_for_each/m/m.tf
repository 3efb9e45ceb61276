variable "v" {}
resource "terraform_data" "r" {
 count = var.v
 input = "${path.module}-${count.index}"
}
output "o" { value = terraform_data.r[*].input }
