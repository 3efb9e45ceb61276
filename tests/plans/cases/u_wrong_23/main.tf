output "o" { value = [for x in { a = 1 } : x...] }
