output "x" { value = join(",") }
