output "a" { value = { n = length([1]) } }
