resource "terraform_data" "x" {
  for_each = toset(["a", "b"])
  input    = 1
}
moved {
  from = module.m["a"].terraform_data.x
  to   = terraform_data.x["a"]
}
moved {
  from = module.m["b"].terraform_data.x
  to   = terraform_data.x["b"]
}
