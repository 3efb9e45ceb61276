resource "terraform_data" "a" { input = { x = 1, y = 3 } }
resource "terraform_data" "b" {
 lifecycle { replace_triggered_by = [terraform_data.a.input.x] }
}
resource "terraform_data" "c" {
 lifecycle { replace_triggered_by = [terraform_data.a.input.y] }
}
