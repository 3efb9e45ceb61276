variable "b" {
  type      = bool
  sensitive = true
}
variable "n" {
  type      = number
  sensitive = true
}
output "and" {
  value = var.b && true
}
output "not" {
  value = !var.b
}
output "negative" {
  value = -var.n
}
output "sum" {
  value = var.n + 1
}
output "less" {
  value = var.n < 1
}
output "key" {
  value = { (var.n) = 1 }
}
