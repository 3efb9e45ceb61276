resource "terraform_data" "a" {
 input = 2
}
variable "v" { default = 2 }
output "o" {
 value = "over"
 sensitive = true
}
locals { x = 10 }
