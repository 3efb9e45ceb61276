nope = "x"
p = ["a"]
