resource "null_resource" "a" {
  count = 2
}
