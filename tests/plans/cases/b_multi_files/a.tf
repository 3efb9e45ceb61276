locals { x = var.y }
