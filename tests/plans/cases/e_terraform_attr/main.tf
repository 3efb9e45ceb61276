output "o" { value = terraform.nope }
output "p" { value = path.nope }
output "q" { value = each.key }
output "r" { value = count.index }
output "s" { value = self.id }
