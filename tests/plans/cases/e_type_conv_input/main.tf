variable "n" { type = number }
variable "b" { type = bool }
