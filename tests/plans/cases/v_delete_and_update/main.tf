resource "terraform_data" "b" { input = "no more" }
