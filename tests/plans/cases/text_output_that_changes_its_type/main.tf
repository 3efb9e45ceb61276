variable "n" {
  default = 1
}
output "a" {
  value = toset([])
}
output "b" {
  value     = tolist(["x"])
  sensitive = true
}
output "c" {
  value = var.n
}
