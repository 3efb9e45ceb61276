resource "terraform_data" "a" {
  input            = 1
  triggers_replace = 1
}
resource "terraform_data" "g" { triggers_replace = terraform_data.a.output }
