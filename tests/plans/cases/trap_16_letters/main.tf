output "a" { value = [title("it's o'neil"), title("a-b_c 1d"), upper("straße"), lower("İ")] }
