output "a" { value = tolist([]) }
output "b" { value = tomap({}) }
output "c" { value = toset([]) }
output "d" { value = tostring(null) }
