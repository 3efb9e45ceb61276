output "a" { value = 007 }
output "b" { value = [tonumber("1e5"), tonumber(".5")] }
output "c" { value = [for t in [" 5", "0b11", ""] : can(tonumber(t))] }
