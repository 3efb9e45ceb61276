output "a" { value = [null[*], null.*.a, "a"[*], { a = 1 }[*], tomap({ a = 1 })[*]] }
output "b" { value = [[[1, 2], [3, 4]].*[0], [[1, 2], [3, 4]][*][0], [[1, 2], [3, 4]].*.0] }
output "c" { value = [{ a = [{ b = 1 }] }][*].a[*].b }
