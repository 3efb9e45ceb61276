module "inner" { source = "../i" }
