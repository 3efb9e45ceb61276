output "o" {
  value = 5
  precondition {
    condition     = 5 < length(path.module)
    error_message = "short"
  }
}
