output "a" { value = [-0, 0 * -1, ceil(-0.5)] }
output "b" { value = jsonencode([-0, 0 * -1, ceil(-0.5)]) }
output "c" { value = 1 / -0.0 < 0 }
