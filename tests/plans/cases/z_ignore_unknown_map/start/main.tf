resource "terraform_data" "a" {
  input            = tomap({ a = "1" })
  triggers_replace = 1
}
resource "terraform_data" "b" {
  input            = { a = "1" }
  triggers_replace = 1
}
resource "terraform_data" "in" { input = terraform_data.a.output }
resource "terraform_data" "of" { input = terraform_data.b.output }
