resource "terraform_data" "a" { input = [path.module, path.root, terraform.workspace, basename(path.cwd) != ""] }
