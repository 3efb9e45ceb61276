resource "terraform_data" "a" {
  count = 2
}
moved {
  from = terraform_data.a["x"]
  to   = terraform_data.a[1]
}
moved {
  from = terraform_data.a["y"]
  to   = terraform_data.a[1]
}
moved {
  from = terraform_data.b[0]
  to   = terraform_data.c[0]
}
moved {
  from = terraform_data.b[0]
  to   = terraform_data.d[0]
}
moved {
  from = module.k
  to   = module.l
}
moved {
  from = module.k
  to   = module.n
}
