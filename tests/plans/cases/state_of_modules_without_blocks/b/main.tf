module "leaf" {
  source = "./leaf"
  count  = 2
}
module "twig" {
  source = "./leaf"
  many   = ["x", "y"]
}
