variable "o" {
 type = object({ a = number, b = list(string) })
}
variable "t" { type = tuple([string, number]) }
variable "s" { type = set(number) }
