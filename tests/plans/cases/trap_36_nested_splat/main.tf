output "a" { value = [{ a = [{ b = 1 }] }].*.a.*.b }
