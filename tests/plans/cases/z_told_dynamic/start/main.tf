resource "terraform_data" "maps" {
  input            = { m = tomap({ k = "v" }), s = toset(["a", "c"]), none = null }
  triggers_replace = tomap({ k = "1" })
}
resource "terraform_data" "lists" {
  input = {
    places  = ["x", "y", "z"]
    order   = ["a", "b", "c"]
    more    = ["x"]
    objects = [{ a = 1 }]
    mixed   = ["x", { a = 1 }, "k"]
    null    = [null, 1]
  }
}
resource "terraform_data" "texts" {
  input = {
    json  = jsonencode({ a = 1 })
    empty = "{}"
    plain = "a"
    lines = "a\nb\n"
  }
}
resource "terraform_data" "nulls" {
  input = { came = null, gone = null, stay = null, other = 1 }
}
output "gone" { value = { id = "x", n = null } }
