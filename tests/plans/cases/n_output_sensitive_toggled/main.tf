output "a" {
  value     = 1
  sensitive = true
}
output "b" { value = 2 }
output "c" {
  value     = [1, 3]
  sensitive = true
}
