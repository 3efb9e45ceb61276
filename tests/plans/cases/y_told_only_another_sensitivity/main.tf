output "s" {
  value     = 1
  sensitive = true
}
