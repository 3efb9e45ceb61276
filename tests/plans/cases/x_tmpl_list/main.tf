output "x" { value = "v: ${[1]}" }
