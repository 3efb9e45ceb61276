import {
  to = terraform_data.new
  id = "abc"
}
module "m" {
  source = "./m"
}
