variable "name" {
  type = string
}
variable "size" {
  validation {
    condition     = var.size < 4
    error_message = "Size ${var.size} of ${var.name}."
  }
}
