output "x" { value = "abc".foo }
