variable "n" { type = list(number) }
variable "o" { type = object({a=string}) }
