resource "terraform_data" "w" {
  id = "x"
  output = 1
}
resource "terraform_data" "v" {
  count = 2
  id = "x"
}
module "m" { 
 source = "./m" 
}

data "terraform_remote_state" "x" {
  backend = "local"
  outputs = {}
}
output "z" { value = nope.x }
