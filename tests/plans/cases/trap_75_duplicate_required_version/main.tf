terraform { required_version = ">= 1.0" }
terraform { required_version = ">= 1.1" }
output "a" { value = 1 }
