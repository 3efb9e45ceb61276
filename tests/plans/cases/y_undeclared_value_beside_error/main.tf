# A value for what is not declared is told beside what validation finds.
variable "p" {
  default   = []
  sensitive = true
}
resource "terraform_data" "g" {
  for_each = toset(var.p)
}
