provider "terraform" { nope = 1 }
provider "terraform" {}
resource "terraform_data" "a" {}
