module "m" {
 source = "./m"
 vv = 1
}
