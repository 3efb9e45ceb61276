output "o" { value = local.x }
locals { y = var.q }
