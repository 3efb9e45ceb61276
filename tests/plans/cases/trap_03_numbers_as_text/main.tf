output "a" { value = "${1e21}" }
output "b" { value = jsonencode(1e-7) }
output "c" { value = "${1e-7}" }
output "d" { value = tostring(1e50) }
