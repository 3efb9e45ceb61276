output "a" { value = true ? 1 : local.nope }
