resource "terraform_data" "a" { input = toset(["b","a"]) }
resource "terraform_data" "b" { input = toset([{x=1},{x=2}]) }
resource "terraform_data" "c" { input = toset([terraform_data.a.id, "k"]) }
output "s" { value = toset([3,1]) }
