output "a" {}
output "b" {
 value = 1
 nope = 2
}
output "c-" { value = var.none }
