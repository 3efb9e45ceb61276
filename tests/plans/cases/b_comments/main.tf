# c
// d
/* e
 */
resource "terraform_data" "a" {
 input = [ # x
  1, // y
  /* z */ 2,
 ]
}
output "o" { value = terraform_data.a.input /* t */ }
