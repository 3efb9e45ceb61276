resource "terraform_data" "a" { input = 2 }
resource "terraform_data" "b" {
 lifecycle { replace_triggered_by = [terraform_data.a] }
}
resource "terraform_data" "c" {
 lifecycle { replace_triggered_by = [terraform_data.a.id] }
}
resource "terraform_data" "d" {
 lifecycle { replace_triggered_by = [terraform_data.a.input] }
}
resource "terraform_data" "e" {
 input = terraform_data.b.id
}
