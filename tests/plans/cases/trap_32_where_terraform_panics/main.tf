output "a" { value = [can(element([1, 2, 3], -1)), can(log(-1, 10)), can(pow(-8, 1 / 3)), can(indent(-1, "a"))] }
