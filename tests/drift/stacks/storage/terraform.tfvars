age = 30 # days
