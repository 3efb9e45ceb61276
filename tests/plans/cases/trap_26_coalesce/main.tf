output "a" { value = [coalesce(1, "a"), coalesce(null, "", 0), coalesce(false, true), coalesce("", "x")] }
output "b" { value = coalesce([], [1]) }
output "c" { value = coalescelist([], [1]) }
