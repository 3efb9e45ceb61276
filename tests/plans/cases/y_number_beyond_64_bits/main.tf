output "o" {
  value = pow(2, 70)
}

output "third" {
  value = [1 / 3, pow(2, -70), 12345678901234567890123]
}

resource "terraform_data" "a" {
  input = { count = length([1, 2]) }
}
