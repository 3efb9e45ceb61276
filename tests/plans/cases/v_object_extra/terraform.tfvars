o = { a = 1, extra = true }
none = 3
