output "o" {
  value     = { a = sensitive(1), b = 3 }
  sensitive = true
}
