a = "t"
