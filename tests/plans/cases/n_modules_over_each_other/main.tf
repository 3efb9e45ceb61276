module "a" {
  source   = "./m"
  for_each = { one = 1, two = 2 }
  n        = each.value
}
module "b" {
  source   = "./m"
  for_each = { for k, v in module.a : "${k}-b" => v.size if v.size > 1 }
  n        = each.value + 1
}
output "all" { value = { a = { for k, v in module.a : k => v.size }, b = { for k, v in module.b : k => v.size } } }
