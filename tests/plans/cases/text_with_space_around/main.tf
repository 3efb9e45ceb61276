locals {
  lines = <<EOF

  lead
	tab


EOF
}
resource "terraform_data" "x" {
  input = { a = local.lines, b = "  \n", c = "\n", d = "  one line " }
}
output "lines" {
  value = local.lines
}
