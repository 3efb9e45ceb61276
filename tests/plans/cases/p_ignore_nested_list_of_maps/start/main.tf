resource "terraform_data" "a" { input = [{ a = 1, b = 1 }, { a = 2, b = 2 }] }
