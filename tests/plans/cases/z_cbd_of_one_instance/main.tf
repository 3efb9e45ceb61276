resource "terraform_data" "c" { count = 2 }
resource "terraform_data" "d" {
  input = 1
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.c[0]]
  }
}
