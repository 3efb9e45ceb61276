resource "terraform_data" "a" { input = 2 }
resource "terraform_data" "b" {
  lifecycle { replace_triggered_by = [terraform_data.a] }
}
resource "terraform_data" "c" {
  lifecycle { replace_triggered_by = [terraform_data.b] }
}
resource "terraform_data" "d" {
  lifecycle { replace_triggered_by = [terraform_data.c.id] }
}
