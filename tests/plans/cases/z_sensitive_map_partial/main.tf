variable "p" {
 default = "x"
 sensitive = true
}
resource "terraform_data" "a" { input = { for k in ["a", "b"] : k => k == "a" ? var.p : "plain" } }
resource "terraform_data" "b" { input = [var.p, { x = var.p, y = 1 }] }
resource "terraform_data" "c" { input = "${var.p}-1" }
