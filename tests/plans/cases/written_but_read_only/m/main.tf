resource "terraform_data" "w" {
  id = null
  output = null
}
resource "terraform_data" "w2" {
  output = terraform_data.w.id
}
