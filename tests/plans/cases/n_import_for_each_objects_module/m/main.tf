resource "terraform_data" "x" {
  for_each = toset(["k1", "k2"])
}
