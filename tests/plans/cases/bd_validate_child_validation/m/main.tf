variable "size" {
  type = number
  validation {
    condition     = var.size > 10
    error_message = "The size ${var.size} is too small."
  }
}

variable "least" {
  type     = number
  nullable = false
  default  = 5
}

variable "other" {
  type    = number
  default = 3
  validation {
    condition     = var.other > var.least || var.least == null
    error_message = "Less than ${var.least}."
  }
}
