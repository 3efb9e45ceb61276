output "a" { value = tolist([{ a = 1 }, { b = 1 }]) }
output "b" { value = tolist([1, "a"]) }
output "c" { value = can(tolist([1, true])) }
