variable "p" {
 default = { u = "a", pw = "b" }
 sensitive = true
}
variable "q" { default = "q" }
resource "terraform_data" "a" {
 input = { plain = var.q, secret = var.p.pw, list = [1, sensitive(2)], m = { for k in ["a"] : k => var.p.u } }
}
output "id" { value = terraform_data.a.id }
output "plain" { value = terraform_data.a.input.plain }
resource "terraform_data" "b" { input = terraform_data.a.output.secret }
