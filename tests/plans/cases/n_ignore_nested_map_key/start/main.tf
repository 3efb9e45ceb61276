resource "terraform_data" "a" {
  input = tomap({ x = tomap({ p = "1", q = "1" }), y = tomap({ p = "1" }) })
}
