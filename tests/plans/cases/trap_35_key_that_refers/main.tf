output "a" { value = { a.b = 1 } }
