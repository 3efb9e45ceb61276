variable "l" {
  type    = list(string)
  default = []
}
locals {
  a = var.l[0]
  b = var.l[1]
  c = [][0]
  d = [][1]
  e = "%{ for x in "%{ for y in 1 }${y}%{ endfor }" }${x}%{ endfor }"
}
