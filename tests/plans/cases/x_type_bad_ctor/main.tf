variable "a" { type = list(string, number) }
variable "b" { type = object(string) }
variable "c" { type = optional(string) }
