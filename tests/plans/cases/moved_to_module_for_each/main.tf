module "m" {
 source = "./m"
 for_each = toset(["x"])
}
moved {
 from = terraform_data.a
 to = module.m["x"].terraform_data.r
}
