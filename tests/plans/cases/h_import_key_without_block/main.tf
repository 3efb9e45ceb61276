import {
  to = terraform_data.g[5]
  id = "x"
}
