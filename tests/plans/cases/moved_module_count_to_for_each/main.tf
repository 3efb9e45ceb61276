module "m" {
 source = "./m"
 for_each = toset(["x", "y"])
}
moved {
 from = module.m[0]
 to = module.m["x"]
}
moved {
 from = module.m[1]
 to = module.m["y"]
}
