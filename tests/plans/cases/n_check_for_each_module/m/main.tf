variable "v" {}
check "len" {
  assert {
    condition     = length(var.v) < 2
    error_message = "${var.v} is long."
  }
}
