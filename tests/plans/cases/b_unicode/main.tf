resource "terraform_data" "a" { input = "é\u00e9 ${upper("ß")} 日本" }
output "l" { value = length(terraform_data.a.input) }
