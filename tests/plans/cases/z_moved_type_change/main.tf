resource "terraform_data" "a" {}
moved {
 from = terraform_data.x
 to = null_resource.y
}
