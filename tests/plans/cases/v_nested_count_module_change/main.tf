module "o" {
 source = "./o"
 count = 1
 i = 5
}
