nope "x" {}
