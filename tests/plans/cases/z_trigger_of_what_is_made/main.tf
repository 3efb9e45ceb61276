resource "terraform_data" "a" {
  input            = 1
  triggers_replace = 2
}
resource "terraform_data" "f" {
  for_each         = toset(["x", "y"])
  input            = each.key
  triggers_replace = terraform_data.a.output
  lifecycle { replace_triggered_by = [terraform_data.a] }
}
resource "terraform_data" "g" {
  triggers_replace = terraform_data.a.output
  lifecycle { replace_triggered_by = [terraform_data.a.id] }
}
