module "k" { source = "./k" }
