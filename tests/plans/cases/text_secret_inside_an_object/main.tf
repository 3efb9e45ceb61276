resource "terraform_data" "a" {
  input = { x = sensitive(1), y = [sensitive("p")] }
}
