variable "v" {
 type = object({ a = number })
}
variable "w" { type = map(string) }
