output "a" { value = [lookup({ a = null }, "a", "d"), can(lookup(tomap({ a = 1 }), "c", "x"))] }
