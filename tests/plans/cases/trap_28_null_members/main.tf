output "a" { value = [can(contains([null], null)), alltrue([true, null]), anytrue([null, true])] }
