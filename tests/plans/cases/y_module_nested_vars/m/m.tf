variable "cfg" {
 type = object({ name = string, tags = map(string), extra = optional(list(string), []) })
}
output "o" { value = var.cfg }
