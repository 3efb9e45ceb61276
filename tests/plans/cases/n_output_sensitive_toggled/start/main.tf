output "a" { value = 1 }
output "b" {
  value     = 2
  sensitive = true
}
output "c" {
  value     = [1, 2]
  sensitive = true
}
