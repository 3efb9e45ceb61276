variable "p" {
 default = "a"
 sensitive = true
}
resource "terraform_data" "a" { input = "x" }
resource "terraform_data" "b" { input = "${terraform_data.a.id}-${var.p}" }
resource "terraform_data" "c" { input = terraform_data.b.output }
