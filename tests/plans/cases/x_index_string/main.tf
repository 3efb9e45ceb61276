output "x" { value = [1, 2]["a"] }
