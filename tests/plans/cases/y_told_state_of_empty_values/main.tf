variable "o" {
  type = map(object({
    a = string
    l = optional(list(string))
    o = optional(object({ x = number }))
    m = optional(map(number))
  }))
  default = { x = { a = "" }, y = { a = "b", o = { x = 1 } }, z = null }
}
variable "t" {
  type    = list(object({ a = string }))
  default = [null, { a = "" }, { a = null }]
}
variable "n" {
  type    = tuple([list(string), map(string), set(string), tuple([string, number]), object({ a = string }), bool, string])
  default = [null, null, null, null, null, null, ""]
}
output "o" { value = var.o }
output "t" { value = var.t }
output "n" { value = var.n }
output "e" { value = "" }
output "l" { value = tolist(["", "a", null]) }
output "m" { value = tomap({ a = "", b = null, c = "c" }) }
output "d" { value = [null, { a = null, b = "" }] }
resource "terraform_data" "a" {
  input            = { o = var.o, t = var.t, n = var.n, e = "" }
  triggers_replace = ""
}
