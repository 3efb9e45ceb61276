resource "terraform_data" "in" {
  input = "y"
}
