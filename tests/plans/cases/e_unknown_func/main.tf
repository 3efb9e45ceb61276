output "o" { value = lenght("a") }
output "p" { value = nosuch(1) }
