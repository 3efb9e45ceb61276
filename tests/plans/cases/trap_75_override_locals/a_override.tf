locals { a = 2 }
