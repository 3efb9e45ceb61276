module "u" {
  source = "./m"
  count  = 2
}
import {
  to = module.u.terraform_data.main
  id = "i"
}
