output "a" { value = [-7 % 3, 7.5 % 2, 7 % -3, 0 % 5] }
