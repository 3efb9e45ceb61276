locals { x = tonumber("q") }
resource "terraform_data" "a" {}
