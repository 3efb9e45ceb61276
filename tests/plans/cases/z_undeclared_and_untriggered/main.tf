resource "terraform_data" "a" { for_each = toset(["y"]) }
resource "terraform_data" "b" {
  lifecycle { replace_triggered_by = [terraform_data.a["x"]] }
}
