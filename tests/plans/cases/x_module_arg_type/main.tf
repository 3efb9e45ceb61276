module "m" {
 source = "./m"
 v = { a = "x" }
 w = ["a"]
}
