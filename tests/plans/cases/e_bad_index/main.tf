locals { l = [1,2] }
output "o" { value = local.l[5] }
output "p" { value = local.l["x"] }
output "q" { value = { a = 1 }.b }
output "r" { value = "s".x }
