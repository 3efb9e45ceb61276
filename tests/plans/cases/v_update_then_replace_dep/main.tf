resource "terraform_data" "a" { input = 2 }
resource "terraform_data" "b" { triggers_replace = terraform_data.a.output }
resource "terraform_data" "c" { input = terraform_data.b.id }
