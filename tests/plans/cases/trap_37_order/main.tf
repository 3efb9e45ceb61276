output "a" { value = [sort(["10", "9", "Z", "z", "é"]), keys({ "10" = 1, "9" = 1, Z = 1, z = 1, "é" = 1 }), [for n in toset([10, 9, 100]) : n]] }
