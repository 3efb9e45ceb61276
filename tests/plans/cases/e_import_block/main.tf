import { to = terraform_data.a }
import {
 to = terraform_data.a
 id = "x"
 provider = nope
}
import { id = "q" }
resource "terraform_data" "a" {}
