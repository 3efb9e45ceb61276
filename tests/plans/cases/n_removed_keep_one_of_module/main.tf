removed {
  from = module.m.terraform_data.x
  lifecycle { destroy = false }
}
