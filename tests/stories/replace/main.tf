resource "terraform_data" "a" {
  input            = "one"
  triggers_replace = ["x"]
}

resource "terraform_data" "b" {
  input = terraform_data.a.id

  lifecycle {
    prevent_destroy = true
  }
}
