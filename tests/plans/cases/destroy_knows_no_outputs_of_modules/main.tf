module "u" {
  source = "./m"
  count  = 2
}
module "v" {
  source = "./m"
}
output "o" {
  value = 1
  precondition {
    condition     = path.module != ""
    error_message = "No."
  }
}
