output "x" { value = "abc" ? 1 : 2 }
