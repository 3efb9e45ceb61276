variable "a" { nullable = false }
