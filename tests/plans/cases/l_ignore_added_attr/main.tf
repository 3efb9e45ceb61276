resource "terraform_data" "a" {
 input = "new"
 triggers_replace = "t"
 lifecycle { ignore_changes = [triggers_replace] }
}
