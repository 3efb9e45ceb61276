resource "terraform_data" "a" {
 input = tomap({keep="new", other="new"})
 lifecycle { ignore_changes = [input["keep"]] }
}
resource "terraform_data" "b" {
 input = {keep="new", other="new", extra=1}
 lifecycle { ignore_changes = [input.keep] }
}
resource "terraform_data" "c" {
 input = {keep="new", other="new"}
 lifecycle { ignore_changes = [input.keep] }
}
