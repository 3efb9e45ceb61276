output "x" { value = 1 + null }
