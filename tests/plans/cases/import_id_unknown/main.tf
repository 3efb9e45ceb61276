resource "terraform_data" "u" {}
resource "terraform_data" "a" {}
import {
 to = terraform_data.a
 id = terraform_data.u.id
}
