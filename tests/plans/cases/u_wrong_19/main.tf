output "o" { value = templatefile("nope.tpl", {}) }
