variable "y" { default = 3 }
