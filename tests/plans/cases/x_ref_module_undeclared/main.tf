output "x" { value = module.zz.o }
