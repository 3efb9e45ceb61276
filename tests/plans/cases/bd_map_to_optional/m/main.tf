variable "owner" {
  type = object({ name = optional(string), team = optional(object({ name = string })) })
}

variable "owners" {
  type = list(object({ name = optional(string, "nobody"), teams = optional(list(string), []) }))
}

output "all" {
  value = [var.owner, var.owners]
}
