variable "v" {
  type = string
}
resource "terraform_data" "a" {
  input = 1
}
resource "terraform_data" "b" {
  nope = 1
}
