variable "l" {
  type    = list(string)
  default = []
}
variable "b" { default = true }
resource "terraform_data" "u" { input = 1 }
module "m" { source = "./m" }
locals {
  a = "x${var.l}"
  b = "x${terraform_data.u}"
  c = "x${module.m.o}"
  d = var.b ? 1 + [] : upper([], 1)
  e = [1 + [], -{}, !1]
  f = anytrue([var.b ? 7 : var.l, "x"])
  g = { for v in [1, 2] : v.k => [].x if v != null }
  h = [for v in 5 : v + []]
  i = cidrsubnets("10.0.0.0/8", ["a", "b"]...)
  j = replace(1 + [], [], {})
  k = terraform_data.u.input[null].z
  n = ({ a = 1 }).b[1 + []][null]
  o = templatestring("${var.b}", {})
  p = templatestring("${var.b}x", {})
  q = templatestring(1, {})
  r = concat("%{ if var.b }a%{ endif }")
  s = concat("%{ for x in [1] }a%{ endfor }x", (1) + 2)
  t = upper("a", "b", var.l[var.b])
  u = { (null) = 1, ([]) = 2 + [] }
  v = (1 + []) ? 1 : 2
  w = "a${1 + []}b${null}"
  x = <<EOT
%{for x in null}
%{endfor}
EOT
}
