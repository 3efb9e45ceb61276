module "m" {
 source = "./m"
 for_each = ["a"]
}
module "n" {
 source = "./m"
 count = "x"
}
