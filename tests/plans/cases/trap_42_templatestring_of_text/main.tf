output "a" { value = templatestring("a", {}) }
