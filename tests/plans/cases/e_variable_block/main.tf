variable "a" {
 type = nope
}
variable "b" {
 type = list
}
variable "c" {
 default = []
 type = string
}
variable "d" { nope = 1 }
variable "count" {}
