output "a" { value = 1 }
output "longer" { value = 1 }
output "s" { value = 1 }
