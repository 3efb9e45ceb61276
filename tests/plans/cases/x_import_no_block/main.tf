import {
 to = terraform_data.zz
 id = "q"
}
