output "b" { value = 0 / 0 }
output "c" { value = jsonencode(1 / 0) }
