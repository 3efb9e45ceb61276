variable "names" {
  default = ["a", "b"]
}

resource "terraform_data" "each" {
  for_each = toset(var.names)
  input    = each.key
}
