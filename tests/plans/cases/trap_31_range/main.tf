output "a" { value = [range(-3), length(range(1024)), can(range(1025)), range(1, 2, 0.5)] }
