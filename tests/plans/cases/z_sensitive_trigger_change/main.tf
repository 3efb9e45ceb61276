variable "p" {
 default = "new"
 sensitive = true
}
resource "terraform_data" "a" { triggers_replace = var.p }
