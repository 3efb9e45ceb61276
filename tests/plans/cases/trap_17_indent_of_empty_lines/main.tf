output "a" { value = indent(2, "\na\n\nb\n") }
