output "a" { value = jsonencode("<>&\u2028") }
output "b" { value = jsondecode("{\"a\":1,\"a\":2}") }
