resource "terraform_data" "t" { input = 2 }
resource "terraform_data" "a" {
  input = 2
  lifecycle {
    ignore_changes       = all
    replace_triggered_by = [terraform_data.t]
  }
}
