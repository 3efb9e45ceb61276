output "a" { value = [2, 2.5, 1.5 + 1, floor(2.5), 0.5 * 3, 1 / 4] }
