output "a" { value = true ? [] : {} }
