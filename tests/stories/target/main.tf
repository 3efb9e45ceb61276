resource "terraform_data" "network" {
  input = "net"
}

resource "terraform_data" "database" {
  input = terraform_data.network.output
}

resource "terraform_data" "app" {
  input = terraform_data.database.output
}

module "extra" {
  source = "./extra"
}
