output "a" { value = format("%s", null) }
output "b" { value = format("%v|%d", null, 1) }
