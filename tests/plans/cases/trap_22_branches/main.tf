output "a" { value = true ? { a = 1 } : {} }
output "b" { value = true ? { a = 1 } : { b = "x" } }
output "c" { value = true ? [1] : ["a"] }
output "d" { value = true ? [1, "a"] : [true] }
output "e" { value = true ? [1] : [] }
output "f" { value = true ? toset(["a"]) : tolist(["b"]) }
