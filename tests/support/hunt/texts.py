"""Broken files of the native syntax: what `validate -json` says of them.

Three kinds. Values: expressions of every form, broken in one to three places, many files to a folder, each in a file of its own;
what terraform takes is asked again without the broken ones, since it looks at meaning only where all could be read. Blocks: the same
for blocks. Whole: one configuration, broken in one or two places, in a folder of its own.
"""

import random

from grammar import broken, expression, pick
from oracle import by_file, problems

BATCH = 40
SOUND = [
    """terraform {
  required_version = ">= 1.0"
  required_providers {
    t = { source = "terraform.io/builtin/terraform" }
  }
}
variable "a" {
  type        = list(object({ x = string, y = optional(number, 1) }))
  default     = []
  description = "d"
  validation {
    condition     = length(var.a) < 3 && alltrue([for v in var.a : v.x != ""])
    error_message = "Too many: ${length(var.a)}."
  }
}
locals {
  one   = { for k, v in { a = 1, b = 2 } : k => v if v > 1 }
  two   = [for v in var.a : "${v.x}-${v.y}"]
  three = var.a[*].x
  four  = <<-EOT
    line %{ if length(var.a) > 0 ~}
    ${local.five}
    %{ endif ~}
  EOT
  five  = try(local.one["b"], null) == null ? "n" : "y"
  six   = { "k" : [1, 2,], (local.five) = -3 + 4 * (2 % 2) }
}
resource "terraform_data" "x" {
  for_each         = local.one
  input            = merge({ k = each.key }, { v = each.value })
  triggers_replace = [local.two, null]
  lifecycle {
    create_before_destroy = true
    ignore_changes        = [input]
    precondition {
      condition     = each.value > 0
      error_message = "no"
    }
  }
  provisioner "local-exec" {
    command = "echo ${self.id}"
    when    = create
  }
  depends_on = [terraform_data.y]
}
resource "terraform_data" "y" {
  count = 2
  input = count.index
}
data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "${path.module}/x" }
}
output "o" {
  value     = terraform_data.x["b"].output
  sensitive = false
}
moved {
  from = terraform_data.old
  to   = terraform_data.y[0]
}
removed {
  from = terraform_data.gone
  lifecycle {
    destroy = false
  }
}
check "c" {
  assert {
    condition     = local.five == "y" || !false
    error_message = "no"
  }
}
import {
  to = terraform_data.y[1]
  id = "x"
}
""",
    """variable "p" {
  type      = map(any)
  default   = { "a" = "b" }
  sensitive = true
}
variable "q" {}
ephemeral "x_y" "z" {}
module "m" {
  source = "./m"
  x      = var.q
  providers = {
    terraform = terraform
  }
}
provider "terraform" {
  alias = "two"
}
resource "terraform_data" "a" {
  provider = terraform.two
  input    = "${var.p["a"]}!"
}
resource "terraform_data" "b" {
  input = jsonencode({ a = [1, 2], b = upper(nonsensitive(var.q)) })
  lifecycle { replace_triggered_by = [terraform_data.a.output] }
}
output "w" {
  value      = module.m.out
  depends_on = [terraform_data.a]
  precondition {
    condition     = terraform_data.a.id != "" && can(tostring(var.q))
    error_message = "bad"
  }
}
""",
]
MODULE = 'variable "x" {}\noutput "out" {\n  value = var.x\n}\n'
BLOCKS = [
    'variable "N" {\n  type = list(string)\n  default = ["a"]\n  validation {\n    condition = length(var.N) > 0\n    error_message = "m"\n  }\n}\n',
    'resource "terraform_data" "N" {\n  count = 2\n  input = { a = count.index }\n  lifecycle {\n    ignore_changes = [input]\n  }\n}\n',
    'resource "terraform_data" "N" {\n  for_each = toset(["a"])\n  input = each.key\n  provisioner "local-exec" {\n    command = "true"\n    environment = {\n      A = "b"\n    }\n  }\n}\n',
    'output "N" {\n  value = 1\n  description = "d"\n  sensitive = true\n}\n',
    'data "terraform_remote_state" "N" {\n  backend = "local"\n  config = {\n    path = "x"\n  }\n}\n',
    'check "N" {\n  assert {\n    condition = 1 == 1\n    error_message = "m"\n  }\n}\n',
    'moved {\n  from = terraform_data.N\n  to = terraform_data.N2\n}\n',
    'removed {\n  from = terraform_data.N\n  lifecycle {\n    destroy = false\n  }\n}\n',
    'locals {\n  N = { a = 1 }\n  N2 = [1, 2]\n}\nlocals { N3 = 1 }\n',
    'variable "N" { type = string }\noutput "N" { value = var.N }\n',
]


def several(text, most):
    for _ in range(random.randint(1, most)):
        text = broken(text)
    return text


def value(name):
    return f"locals {{\n  {name} = {several(expression(random.randint(1, 3)), 3)}\n  {name}b = 1\n}}\n"


def block(name):
    text = pick(*BLOCKS).replace("N", name)
    for _ in range(random.randint(1, 2)):
        text = broken(text) if random.random() < 0.7 else misplaced(text)
    return text


def misplaced(text):
    """Doubles a line, makes an argument a block or a block an argument, or changes labels."""
    lines = text.split("\n")
    at = random.randrange(max(1, len(lines) - 1))
    line = lines[at]
    choice = random.random()
    if choice < 0.3:
        lines.insert(at, line)
    elif choice < 0.55 and " = " in line:
        name, inner = line.split(" = ", 1)
        lines[at] = pick(f"{name} {{", f"{name} {{ {inner} }}", f"{name} {{\n}}", f'{name} "l" {{\n}}', f"{name} {inner}", f"{name}")
    elif choice < 0.8 and line.rstrip().endswith("{"):
        head = line.rstrip()[:-1].rstrip()
        lines[at] = pick(f"{head} = {{", f'{head} "more" {{', f"{head.split(' ')[0]} {{", f"{head}\n{{", f"{head} {{ a = 1", f"{head} 1 {{", f"{head} bare {{", f'{head} "${{x}}" {{')
    else:
        del lines[at]
    return "\n".join(lines)


def batches(hunt, kind, make, count):
    """Compares many broken files, a folder of them at a time."""
    texts = [{f"f{at}.tf": make(f"v{at}") for at in range(start, min(count, start + BATCH))} for start in range(0, count, BATCH)]

    def ask(files):
        left, told = dict(files), []
        while left:
            theirs, ours = by_file(hunt.validated("terraform", left)), by_file(hunt.validated("here", left))
            # What has no problem in the same folder with broken files may have one of meaning.
            done = [name for name in left if theirs.get(name)] or list(left)
            told += [(left.pop(name), theirs.get(name, []), ours.get(name, [])) for name in done]
        return told

    for told in hunt.each(ask, texts):
        for text, theirs, ours in told:
            hunt.compare(f"{kind}\n{text}", theirs, ours, kind)


def whole(hunt, count):
    cases = []
    for _ in range(count):
        text = pick(*SOUND)
        files = {"main.tf": several(text, 2) if random.random() < 0.6 else misplaced(broken(text)) if random.random() < 0.3 else misplaced(text)}
        if text == SOUND[1]:
            files["m/main.tf"] = MODULE
            files[".terraform/modules/modules.json"] = '{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"m","Source":"./m","Dir":"m"}]}'
        cases.append((text, files))
    ask = lambda case: (case, hunt.validated("terraform", case[1]), hunt.validated("here", case[1]))
    for (sound, files), theirs, ours in hunt.each(ask, cases):
        # A changed resource type or provider would have to be installed.
        if any("Missing required provider" in of["summary"] or "Module not installed" in of["summary"] for of in theirs):
            continue
        lines = [line for line in files["main.tf"].split("\n") if line not in sound.split("\n")]
        hunt.compare("whole\n" + "\n".join(lines or ["(lines are missing, doubled or moved)"]), problems(theirs), problems(ours), "whole")


def main(hunt, count):
    batches(hunt, "value", value, count)
    batches(hunt, "block", block, count // 2)
    whole(hunt, count // 4)
