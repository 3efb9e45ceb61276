resource "terraform_data" "u" { input = 1 }
locals { a = "pre-${terraform_data.u.id}" }
output "a" { value = startswith("qr${local.a}", "qr") }
output "b" { value = startswith("pre-${terraform_data.u.id}", "pre-") }
output "c" { value = "a${local.a}" == "y" }
output "d" { value = startswith("${local.a}y", "pre") }
output "e" { value = startswith(format("ab%s", terraform_data.u.id), "ab") }
output "f" { value = startswith("qrtrue${terraform_data.u.id}", "qr") }
output "g" { value = startswith("q é:${terraform_data.u.id}", "q é:") }
output "h" { value = startswith("1${terraform_data.u.id}", "1") }
