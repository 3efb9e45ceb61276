module "a" { source = "../m" }
