resource "terraform_data" "a" { triggers_replace = 2 }
resource "terraform_data" "b" {
 input = 5
 lifecycle { replace_triggered_by = [terraform_data.a] }
}
