module "o" {
 source = "./o"
 count = 2
 i = count.index
}
output "x" { value = module.o[*].all }
