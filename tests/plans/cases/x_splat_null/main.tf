output "x" { value = null[*].a }
output "y" { value = [1][*].a }
