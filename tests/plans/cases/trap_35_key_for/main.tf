output "a" { value = { for = 1 } }
