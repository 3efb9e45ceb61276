locals { t = "$${n}" }
output "a" { value = [templatefile("t.tpl", { n = 5 }), templatestring(local.t, { n = [1] })] }
