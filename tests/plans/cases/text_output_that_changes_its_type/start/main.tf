variable "n" {
  default = 1
}
output "a" {
  value = []
}
output "b" {
  value     = ["x"]
  sensitive = true
}
output "c" {
  value = var.n
}
