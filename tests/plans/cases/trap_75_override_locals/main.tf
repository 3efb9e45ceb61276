locals {
  a = 1
  b = 1
}
output "a" { value = [local.a, local.b] }
