resource "terraform_data" "own" {
  for_each = toset(["x"])
}
