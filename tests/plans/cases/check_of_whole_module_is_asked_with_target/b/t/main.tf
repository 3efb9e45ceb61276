variable "map" { 
 type = map(string) 
 default = { x = "1" }
}
variable "name" { }
resource "terraform_data" "one" { input = "one" }
check "held" {
  assert {
    condition = length(var.map) > 5
    error_message = "Not held by ${jsonencode(var.name)}."
  }
}
