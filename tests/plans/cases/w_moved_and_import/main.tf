resource "terraform_data" "new" { input = 1 }
moved {
 from = terraform_data.old
 to = terraform_data.new
}
import {
 to = terraform_data.imp
 id = "iid"
}
resource "terraform_data" "imp" {}
