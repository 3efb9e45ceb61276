variable "project" {
  type        = string
  description = "The project that everything is made in."
}

variable "region" {
  type = string
}

output "project" {
  value = "${var.project} in ${var.region}"
}
