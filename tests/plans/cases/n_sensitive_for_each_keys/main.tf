locals { m = { (sensitive("k")) = 1 } }
resource "terraform_data" "a" { for_each = local.m }
