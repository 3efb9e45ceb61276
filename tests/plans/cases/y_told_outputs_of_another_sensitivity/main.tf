output "a" { value = 2 }
output "longer" { value = 1 }
output "s" {
  value     = 1
  sensitive = true
}
