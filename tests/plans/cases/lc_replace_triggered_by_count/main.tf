resource "terraform_data" "a" {
 count = 2
 input = count.index == 0 ? "new" : "same"
}
resource "terraform_data" "b" {
 count = 2
 lifecycle { replace_triggered_by = [terraform_data.a[count.index]] }
}
resource "terraform_data" "c" {
 lifecycle { replace_triggered_by = [terraform_data.a] }
}
