resource "terraform_data" "maps" {
  input            = { m = tomap({ k = "w", "a b" = "x" }), s = toset(["b", "a"]), none = null }
  triggers_replace = tomap({ k = "2" })
}
resource "terraform_data" "lists" {
  input = {
    places  = ["p", "y", "q"]
    order   = ["c", "a", "b"]
    more    = ["p", "q"]
    objects = [{ a = 3 }, { a = 4 }]
    mixed   = [{ a = 3 }, "k"]
    null    = [1, null]
  }
}
resource "terraform_data" "texts" {
  input = {
    json  = jsonencode({ a = 2 })
    empty = "[]"
    plain = jsonencode([1])
    lines = "a\nc"
  }
}
resource "terraform_data" "nulls" {
  input = { come = null, gone = 1, stay = null, other = 2 }
}
resource "terraform_data" "made" {
  input            = { k = tomap({ a = "1" }), n = null, j = "{}" }
  triggers_replace = [null]
}
output "o" { value = { n = null, m = tomap({ a = "1" }), r = [null, { c = null }] } }
output "gone" { value = {} }
