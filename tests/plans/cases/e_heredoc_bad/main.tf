output "o" {
 value = <<EOT
hi ${var.nope}
EOT
}
