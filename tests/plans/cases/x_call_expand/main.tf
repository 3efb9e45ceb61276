output "x" { value = max([1, 2]...) }
output "y" { value = max("a"...) }
