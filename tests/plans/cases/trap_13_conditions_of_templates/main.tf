output "a" { value = "%{if 1}a%{endif}" }
