locals { alpha = 1 }
output "x" { value = local.alhpa }
