# What the block gives already is not suggested in the place of what the module does not have.
module "m" {
  source = "./m"
  name   = "a"
  nope   = 1
}
