output "a" {
 value = "x"
 sensitive = true
}
output "b" { value = "x" }
output "c" {
 value = sensitive("x")
 sensitive = true
}
