resource "terraform_data" "a" {
 input = ["n0","n1"]
 lifecycle { ignore_changes = [input[0]] }
}
resource "terraform_data" "b" {
 input = tolist(["n0","n1"])
 lifecycle { ignore_changes = [input[0]] }
}
