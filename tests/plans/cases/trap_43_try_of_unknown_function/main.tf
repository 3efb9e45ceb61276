output "a" { value = [try(nope(), 1), can(nope())] }
