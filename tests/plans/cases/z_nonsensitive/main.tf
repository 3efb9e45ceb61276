variable "p" {
 default = "x"
 sensitive = true
}
resource "terraform_data" "a" { input = nonsensitive(var.p) }
output "o" { value = nonsensitive(terraform_data.a.input) }
