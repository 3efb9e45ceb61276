resource "terraform_data" "u" {}
module "m" {
 source = "./m"
 n = length(terraform_data.u.id) > 0 ? 1 : 2
}
