resource "terraform_data" "x" {
  for_each = { zero = 0, one = 1 }
  input    = each.value
}
moved {
  from = terraform_data.x[0]
  to   = terraform_data.x["zero"]
}
moved {
  from = terraform_data.x[1]
  to   = terraform_data.x["one"]
}
