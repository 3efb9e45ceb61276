output "a" { value = ["${1}", "${null}", "${[1]}", "${true}", "${{ a = 1 }}"] }
output "b" { value = "${"${1}"}" }
