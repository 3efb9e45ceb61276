variable "names" {
  type    = set(string)
  default = ["a", "b"]
}

resource "terraform_data" "each" {
  for_each = var.names
  input    = each.key
}
