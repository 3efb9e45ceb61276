variable "s" { type = set(string) }
variable "t" { type = tuple([string, number, bool]) }
output "o" { value = [var.s, var.t] }
