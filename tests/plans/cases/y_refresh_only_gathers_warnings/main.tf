module "m" {
  source = "./m"
  count  = 3
}
output "o" { value = 1 }
