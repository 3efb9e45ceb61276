output "o" { value = "x${[1]}" }
output "p" { value = "x${null}" }
output "q" { value = "%{ if 1 }a%{ endif }" }
output "r" { value = "%{ for x in 3 }a%{ endfor }" }
