output "x" { value = data.foo.bar.id }
