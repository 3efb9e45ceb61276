locals { o = { a = sensitive(1), b = 2 } }
resource "terraform_data" "a" {
  for_each = local.o
  input    = each.value
}
resource "terraform_data" "b" { count = length(local.o) }
