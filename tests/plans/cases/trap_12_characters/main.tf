output "a" { value = ["e\u0301" == "é", length("👨‍👩‍👧‍👦"), length("e\u0301"), substr("ae\u0301b", 1, 1) == "é", strrev("ae\u0301") == "éa"] }
