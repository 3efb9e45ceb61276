check "c" {
 assert {
  condition = 5
  error_message = "x"
 }
}
