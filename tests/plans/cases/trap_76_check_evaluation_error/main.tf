locals { m = { a = 1 } }
check "c" {
  assert {
    condition     = local.m.b == 1
    error_message = "x"
  }
}
