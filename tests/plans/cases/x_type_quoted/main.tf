variable "a" { type = "string" }
