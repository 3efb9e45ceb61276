output "a" { value = [contains([1, 2], "1"), can(index([1, 2], "2")), distinct([1, "1", 1]), setunion(["a"], [1])] }
