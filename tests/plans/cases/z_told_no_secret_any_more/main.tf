resource "terraform_data" "a" {
  input            = ["p", "q"]
  triggers_replace = "t"
}
