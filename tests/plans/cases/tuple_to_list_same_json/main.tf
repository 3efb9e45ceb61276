resource "terraform_data" "a" { input = tolist(["a","b"]) }
output "o" { value = tolist(["a"]) }
output "p" { value = tomap({a=1}) }
