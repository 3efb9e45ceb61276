locals { n = null }
output "x" { value = local.n.foo }
