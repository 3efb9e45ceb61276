resource "terraform_data" "a" { triggers_replace = [null] }
resource "terraform_data" "b" { triggers_replace = "" }
