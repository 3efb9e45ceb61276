output "a" { value = 1 / 0 > 5 }
output "b" { value = 1 % 0 }
output "c" { value = -1 / 0 < 1e300 }
