resource "terraform_data" "s" { input = "k" }
resource "terraform_data" "a" { input = terraform_data.s.output }
