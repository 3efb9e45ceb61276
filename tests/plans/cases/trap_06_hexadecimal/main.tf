output "a" { value = 0x10 }
