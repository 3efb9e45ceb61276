module "out" {
  source   = "./out"
  for_each = { dev = ["a"], prod = ["a", "b"] }
  names    = each.value
}
output "inputs" { value = { for k, m in module.out : k => m.inputs } }
