resource "terraform_data" "a" {}
resource "terraform_data" "b" { for_each = toset(["x"]) }
output "o" { value = terraform_data.b.output }
output "s" { value = sensitive(1) }
