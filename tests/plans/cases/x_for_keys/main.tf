output "x" { value = { for k in ["a", "a"] : k => k } }
