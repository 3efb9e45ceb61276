resource "terraform_data" "a" {
  input            = tomap({ a = "1" })
  triggers_replace = 2
}
resource "terraform_data" "b" {
  input            = { a = "1" }
  triggers_replace = 2
}
resource "terraform_data" "in" {
  input = terraform_data.a.output
  lifecycle { ignore_changes = [input] }
}
resource "terraform_data" "of" {
  input = terraform_data.b.output
  lifecycle { ignore_changes = [input] }
}
