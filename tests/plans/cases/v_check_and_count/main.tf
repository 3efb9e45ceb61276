resource "terraform_data" "a" { count = 2 }
check "all" {
 assert {
  condition = length(terraform_data.a) == 2
  error_message = "two"
 }
 assert {
  condition = alltrue([for x in terraform_data.a : x.id != null])
  error_message = "ids"
 }
}
