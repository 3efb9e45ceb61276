module "b" {
  source = "./b"
}
output "zero" {
  value = { a = -0, b = [0 * -1] }
}
