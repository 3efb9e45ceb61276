module "a" { source = "./m" }
module "b" { source = "./m" }
module "c" { source = "./m" }
