output "a" { value = [1 == "1", [1] == ["1"], [] == tolist([]), { a = 1 } == tomap({ a = 1 }), null == "x", toset([1]) == [1]] }
