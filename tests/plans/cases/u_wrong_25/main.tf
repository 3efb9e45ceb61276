output "o" { value = "${" }
