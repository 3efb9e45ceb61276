variable "x" { 
  default = 1 + 2
}
locals { v = 1 }
resource "terraform_data" "a" {
  input = true ? 1 : var.x
  triggers_replace = [for x in [1, 2] : x * 2]
}
resource "terraform_data" "b" {
  input = "%{ if true }yes%{ else }no%{ endif } ${1 + 1}"
  triggers_replace = {a = true ? 1 : upper("x"), b = [1,2,3][*], c = [{z=1}][*].z, d = 1/3, e = !false, f = "a" == "b", g= [1,2][0]}
}
resource "terraform_data" "c" {
  input = [1, var.x]
  triggers_replace = null
}
resource "terraform_data" "d" {
  input = false && var.x == 1
  triggers_replace = {for k, v in {a=1} : k => v}
}
resource "terraform_data" "e" {
  count = 1 + 1
  input = upper("x")
  triggers_replace = [for x in [1] : x + local.v]
}
resource "terraform_data" "f" {
  for_each = {a = 1}
  input = "${var.x}"
  triggers_replace = (true ? "a" : (var.x > 1 ? "b" : "c"))
}
resource "terraform_data" "g" {
  input = <<-EOT
    %{ for x in ["a","b"] ~}
    ${x}
    %{ endfor ~}
  EOT

}
output "o" {
  value = terraform_data.e[*].output
}
output "p" {
  value = [for f in terraform_data.f : f.input]
}
output "q" { 
  value = terraform_data.f["a"].input
  description = "d"
  sensitive = true
}
output "r" {
  value = true ? "a" : 1
}
