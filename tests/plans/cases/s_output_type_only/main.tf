output "o" { value = "1" }
output "p" { value = toset(["a"]) }
