variable "i" { default = "from-var" }
resource "terraform_data" "a" {}
import {
 to = terraform_data.a
 id = "${var.i}-x"
}
