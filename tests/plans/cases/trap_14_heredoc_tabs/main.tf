output "a" {
  value = <<-EOT
	tab
    spaces
  EOT
}
output "b" {
  value = <<-EOT
      deep
    ${"x"} less

        deeper
    EOT
}
