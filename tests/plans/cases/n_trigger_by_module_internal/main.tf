resource "terraform_data" "a" { input = 2 }
resource "terraform_data" "b" {
  input = "x"
  lifecycle { replace_triggered_by = [terraform_data.a] }
}
resource "terraform_data" "c" {
  input = terraform_data.b.id
}
