output "x" { value = foo }
