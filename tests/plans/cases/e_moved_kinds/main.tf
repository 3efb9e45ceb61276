moved {
 from = terraform_data.a
 to = module.b
}
moved { from = terraform_data.a }
moved {
 from = data.x.y
 to = terraform_data.z
}
moved {
 from = terraform_data.a["k"].id
 to = terraform_data.b
}
