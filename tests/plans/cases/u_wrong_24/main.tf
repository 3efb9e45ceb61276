output "o" { value = { for k, v in { a = 1 } : k => v... } }
output "p" { value = 1 +  }
