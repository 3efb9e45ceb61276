variable "a" { sensitive = "maybe" }
