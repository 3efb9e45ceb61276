resource "terraform_data" "dep" { triggers_replace = 2 }
resource "terraform_data" "a" { triggers_replace = terraform_data.dep.id }
