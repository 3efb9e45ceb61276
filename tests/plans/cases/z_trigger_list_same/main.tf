resource "terraform_data" "a" { triggers_replace = [1, "x"] }
resource "terraform_data" "b" { triggers_replace = tolist(["a"]) }
