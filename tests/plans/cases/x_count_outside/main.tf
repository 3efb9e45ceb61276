locals { x = count.index }
