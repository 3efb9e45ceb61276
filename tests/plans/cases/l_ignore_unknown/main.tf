resource "terraform_data" "u" { triggers_replace = 2 }
resource "terraform_data" "a" {
 input = terraform_data.u.id
 lifecycle { ignore_changes = [input] }
}
