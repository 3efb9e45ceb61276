output "a" { value = "%{if "true"}a%{else}b%{endif}" }
