output "a" { value = cidrhost("010.0.0.0/8", 1) }
output "b" { value = [fileset(path.module, "x/*"), fileset("${path.module}/x", "../*.txt"), fileset("nowhere", "*")] }
