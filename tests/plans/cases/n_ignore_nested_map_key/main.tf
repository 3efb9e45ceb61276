resource "terraform_data" "a" {
  input = tomap({ x = tomap({ p = "2", q = "2" }), y = tomap({ p = "2" }) })
  lifecycle { ignore_changes = [input["x"]["p"]] }
}
