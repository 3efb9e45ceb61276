import {
 to = module.m.terraform_data.zz
 id = "q"
}
