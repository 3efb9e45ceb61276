output "o" { value = [for x in 5 : x] }
output "p" { value = { for x in ["a","a"] : x => 1 } }
output "q" { value = { for x in [null] : x => 1 } }
output "r" { value = [for x in null : x] }
