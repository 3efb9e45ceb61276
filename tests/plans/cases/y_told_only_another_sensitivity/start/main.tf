output "s" { value = 1 }
