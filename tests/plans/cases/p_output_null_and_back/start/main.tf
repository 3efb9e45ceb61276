output "a" { value = null }
output "b" { value = 1 }
