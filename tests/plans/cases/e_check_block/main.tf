check "a" {}
check "b" {
 assert { condition = true }
}
check "c" {
 assert {
  condition = 1 == 1
  error_message = "x"
 }
 nope = 1
}
