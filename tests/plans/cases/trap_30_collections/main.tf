output "a" { value = chunklist([1, 2, 3], 0) }
output "b" { value = flatten([null, { a = 1 }, [toset([2, 1])]]) }
output "c" { value = [can(concat(toset([1]))), can(slice(toset([1, 2]), 0, 1))] }
output "d" { value = reverse(toset(["a", "b"])) }
