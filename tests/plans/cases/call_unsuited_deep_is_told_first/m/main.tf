module "i" {
  source = "../n"
}
