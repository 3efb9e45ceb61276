output "a" { value = [replace("a/b", "/", "-"), replace("ab", "//", "-"), replace("abc", "/(b)/", "[$1]"), replace("abc", "/(b)/", "$1x"), replace("abc", "/(b)/", "$${1}x")] }
