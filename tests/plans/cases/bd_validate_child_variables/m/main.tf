variable "names" {
  type = list(string)
}

variable "size" {
  type = number
}

variable "text" {
  type    = string
  default = null
}

variable "extra" {
  type = object({
    owner = optional(string)
    team  = optional(object({ name = string }))
  })
  default = null
}

locals {
  joined = join(",", [var.text])
  number = tonumber(var.text == null ? "x" : "y")
}

resource "terraform_data" "none" {
  count = 0
  input = join(",", var.names)

  lifecycle {
    precondition {
      condition     = var.size > 100
      error_message = "Too small."
    }
  }
}

output "size" {
  value = "${var.size}${local.joined}"

  precondition {
    condition     = var.size > 100
    error_message = "Too small for an output."
  }
}
