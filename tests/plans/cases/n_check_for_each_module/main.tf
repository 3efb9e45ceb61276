module "m" {
  source   = "./m"
  for_each = toset(["a", "bb"])
  v        = each.key
}
