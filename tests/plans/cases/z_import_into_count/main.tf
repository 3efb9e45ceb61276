resource "terraform_data" "a" {
 count = 2
 input = count.index
}
import {
 to = terraform_data.a[1]
 id = "one"
}
