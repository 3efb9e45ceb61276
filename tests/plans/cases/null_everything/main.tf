resource "terraform_data" "a" {
 input = null
 triggers_replace = null
}
resource "terraform_data" "b" { input = { a = null, b = [null], c = tostring(null) } }
output "n" { value = null }
output "m" { value = [null, tonumber(null)] }
