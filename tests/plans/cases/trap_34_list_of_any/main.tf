variable "a" {
  type    = list(any)
  default = [1, "a", true]
}
output "a" { value = var.a }
