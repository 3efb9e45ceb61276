output "a" {
  value = <<EOT
%{~ if true ~}
yes
%{~ endif ~}
end
EOT
}
output "b" {
  value = <<EOT
a
  %{~ for x in [1, 2] ~}
  - ${x}
  %{~ endfor ~}
b
EOT
}
