resource "terraform_data" "a" {
 input = <<-EOT
    a ${1 + 1}
      b %{ if true }yes%{ endif }
    c $${x}
  EOT
}
output "o" { value = terraform_data.a.input }
