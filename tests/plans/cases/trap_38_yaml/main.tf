output "a" { value = [yamldecode("017"), yamldecode("yes"), yamldecode("on"), yamldecode("2020-01-02"), yamldecode("a: 017")] }
output "b" { value = [yamlencode({ a = "b" }), yamlencode(1), yamlencode(true), yamlencode(null)] }
