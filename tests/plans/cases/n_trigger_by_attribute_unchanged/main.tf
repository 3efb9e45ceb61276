resource "terraform_data" "a" { input = { p = 1, q = 2 } }
resource "terraform_data" "b" {
  lifecycle { replace_triggered_by = [terraform_data.a.input.p] }
}
resource "terraform_data" "c" {
  lifecycle { replace_triggered_by = [terraform_data.a.input.q] }
}
resource "terraform_data" "d" {
  lifecycle { replace_triggered_by = [terraform_data.a.output.p] }
}
