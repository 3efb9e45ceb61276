output "a" { value = [timeadd("2020-01-01T00:00:00.5Z", "1s"), can(timeadd("2020-01-01T00:00:00Z", "1d"))] }
