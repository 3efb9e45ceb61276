output "a" { value = 5. }
