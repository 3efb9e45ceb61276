output "a" { value = true || null }
output "b" { value = null && false }
output "c" { value = !null }
