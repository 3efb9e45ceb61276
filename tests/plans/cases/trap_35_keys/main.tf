locals { a = { b = "from" } }
output "a" { value = { null = "x", if = 1, 1.5 = "x", a = "bare", true = 2 } }
output "b" { value = { (local.a.b) = 1 } }
output "c" { value = { a = 1, a = 2 } }
output "d" { value = can({ for k in ["x", "x"] : k => 1 }) }
