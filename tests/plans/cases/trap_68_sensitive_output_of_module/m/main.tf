output "declared" {
  value     = "x"
  sensitive = true
}
output "marked" {
  value     = sensitive("y")
  sensitive = true
}
