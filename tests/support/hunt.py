#!/usr/bin/env python3
"""Looks for expressions, broken texts and configurations of which the program tells something else than terraform.

    hunt.py PROGRAM [SEED] [COUNT]
    hunt.py PROGRAM configurations [SEED] [COUNT]

Makes random expressions, 60 a configuration, plans each configuration with both programs, and prints where the problems or the
planned values differ, and how many were the same. Then takes single tokens out of sound texts, or doubles them, and compares
what `validate -json` says.

With `configurations` it makes whole ones instead (configurations.py): terraform applies one, it is edited, and both programs
validate, plan and apply what came of that. What differs is told by its kind, and how many were the same: in JSON and state, and
with all text as well. What terraform does is kept in $HUNT_KEPT, where that is set, so that the next run of the same seed is quick.

Only the built-in provider is used. Where terraform is not there it says so and does nothing.
"""

import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import whole

ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
OF_A_PROBLEM = ["severity", "summary", "detail", "range"]
BASE = """variable "s" { default = "abc" }
variable "n" { default = 3 }
variable "b" { default = true }
variable "none" { default = null }
variable "l" {
  type    = list(string)
  default = ["a", "b"]
}
variable "m" {
  type    = map(number)
  default = { x = 1, y = 2 }
}
variable "secret" {
  default   = "hush"
  sensitive = true
}
locals {
  t = [1, "two", false, null]
  o = { a = 1, c = { d = ["e"] } }
  u = [terraform_data.u.id, "k"]
}
resource "terraform_data" "u" { input = "x" }
resource "terraform_data" "many" {
  count = 2
  input = count.index
}
"""
TEXTS = ['"abc"', '""', '"1"', '"true"', '"a,b"', '"é\\n"', '"10.0.0.0/8"', '"%s-%d"', '"[1,2]"', '"2024-01-02T03:04:05Z"']
NUMBERS = ["0", "1", "-1", "2.5", "1e3", "100", "0.1"]
NAMES = ["var.s", "var.n", "var.b", "var.none", "var.l", "var.m", "var.secret", "local.t", "local.o", "local.u"]
NAMES += ["terraform_data.u.id", "terraform_data.u", "terraform_data.many", "terraform_data.many[*].id"]
ODD = ["null", "[]", "{}", "[null]", 'toset(["a"])', "tomap({})", "1/0", "sensitive(1)", '{ a = 1, b = "x" }', '[{ k = 1 }]']
STEPS = [".a", "[0]", '["a"]', "[-1]", "[5]", "[*]", ".*", "[*].k", "[var.n]", "[null]", "[1.5]", ".id"]
FUNCTIONS = "abs cidrhost coalesce compact concat contains distinct element endswith flatten format formatlist indent join jsonencode keys "
FUNCTIONS += "length lookup lower max merge min one range replace reverse setunion slice sort split startswith substr sum title tobool "
FUNCTIONS += "tolist tomap tonumber toset tostring trimspace try can upper values zipmap"
SOUND = """variable "a" {
  type    = list(object({ x = string, y = optional(number, 1) }))
  default = []
  validation {
    condition     = length(var.a) < 3 && alltrue([for v in var.a : v.x != ""])
    error_message = "Too many: ${length(var.a)}."
  }
}
locals {
  one = { for k, v in { a = 1, b = 2 } : k => v if v > 1 }
  two = try(local.one["b"], null) == null ? "n" : "y"
}
resource "terraform_data" "x" {
  for_each = local.one
  input    = merge({ k = each.key }, { v = each.value })
  lifecycle {
    ignore_changes = [input]
    precondition {
      condition     = each.value > 0
      error_message = "no"
    }
  }
  depends_on = [terraform_data.y]
}
resource "terraform_data" "y" {
  count = 2
  input = count.index
}
output "o" {
  value     = terraform_data.x["b"].output
  sensitive = false
}
moved {
  from = terraform_data.old
  to   = terraform_data.y[0]
}
"""
TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*"|\w+|==|!=|&&|\|\||=>|\s+|.', re.S)


def pick(*choices):
    return random.choice(choices)


def expression(depth):
    """Makes an expression."""
    if depth == 0:
        return pick(pick(*TEXTS), pick(*NUMBERS), pick(*NAMES), pick(*ODD), pick("true", "false"))
    inner = lambda: expression(depth - 1)
    several = lambda: ", ".join(inner() for _ in range(random.randint(0, 3)))
    makers = [
        lambda: f"{pick(*FUNCTIONS.split())}({several()})",
        lambda: f"{pick(*FUNCTIONS.split())}({several()})",
        lambda: pick(*NAMES) + "".join(pick(*STEPS) for _ in range(random.randint(1, 2))),
        lambda: f"({inner()}) {pick('+', '-', '*', '/', '%', '<', '>=', '==', '!=', '&&', '||')} ({inner()})",
        lambda: f"{pick('-', '!')}({inner()})",
        lambda: f"({inner()}) ? ({inner()}) : ({inner()})",
        lambda: f"[{several()}]",
        lambda: f"{{ a = {inner()}, ({inner()}) = {inner()} }}",
        lambda: f"[for v in {inner()} : {pick('v', 'v.k', inner())} if {pick('true', 'v != null')}]",
        lambda: f"{{ for k, v in {inner()} : {pick('k', 'v')} => {inner()}{pick('', '...')} }}",
        lambda: '"a${' + inner() + '}%{ if ' + inner() + ' }y%{ else }n%{ endif }"',
        lambda: '"%{ for x in ' + inner() + ' }${x}%{ endfor }"',
    ]
    return pick(*makers)()


def run(program, folder, *arguments):
    """Runs a command; gives its standard output."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "CHECKPOINT_DISABLE": "1", "TZ": "UTC"}
    done = subprocess.run(
        [program, *arguments], cwd=folder, env=env, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
    )
    return done.stdout


def normal(value):
    return ID.sub("<uuid>", json.dumps(value, sort_keys=True, ensure_ascii=False))


def problems(found):
    return {normal({name: of.get(name) for name in OF_A_PROBLEM}) for of in found}


def told(text):
    """Gives the problems of a stream, by file."""
    found = collections.defaultdict(list)
    for line in text.splitlines():
        if line.startswith("{") and (line := json.loads(line)).get("type") == "diagnostic":
            of = line["diagnostic"]
            found[(of.get("range") or {}).get("filename", "")].append(of)
    return {name: problems(all_of) for name, all_of in found.items()}


def planned(program, folder):
    out = told(run(program, folder, "plan", "-json", "-input=false", "-out=planned.out"))
    document = {}
    if os.path.exists(f"{folder}/planned.out"):
        reveal = [] if program == "terraform" else ["-show-sensitive"]
        document = json.loads(run(program, folder, "show", "-json", *reveal, "planned.out"))
        os.remove(f"{folder}/planned.out")
    return out, document


def differ(what, theirs, ours):
    print(f"== {what}")
    for one in sorted(theirs - ours):
        print(f"  terraform: {one[:400]}")
    for one in sorted(ours - theirs):
        print(f"  here:      {one[:400]}")


def batch(program, expressions, counts):
    """Compares expressions: those that terraform refuses are told and left out, until the rest is planned."""
    left = dict(enumerate(expressions))
    while left:
        with tempfile.TemporaryDirectory() as folder:
            files = {"main.tf": BASE}
            for at, text in left.items():
                files[f"e{at}.tf"] = f'locals {{\n  v{at} = {text}\n}}\noutput "v{at}" {{\n  value     = local.v{at}\n  sensitive = true\n}}\n'
            for name, text in files.items():
                with open(f"{folder}/{name}", "w") as out:
                    out.write(text)
            (theirs, their_plan), (ours, our_plan) = planned("terraform", folder), planned(program, folder)
        wrong = [at for at in left if theirs.get(f"e{at}.tf") or ours.get(f"e{at}.tf")]
        if not wrong and not (their_plan and our_plan):
            return
        for at in wrong or list(left):
            counts["all"] += 1
            a, b = theirs.get(f"e{at}.tf", set()), ours.get(f"e{at}.tf", set())
            if not wrong:
                a = {normal(their_plan.get("output_changes", {}).get(f"v{at}"))}
                b = {normal(our_plan.get("output_changes", {}).get(f"v{at}"))}
            if a == b:
                counts["same"] += 1
            else:
                differ(left[at], a, b)
            del left[at]


def broken(program, counts):
    """Compares what is said of a text with a token too few or too many."""
    tokens = TOKENS.findall(SOUND)
    at = random.choice([place for place, token in enumerate(tokens) if not token.isspace()])
    tokens[at] = pick("", tokens[at] * 2, f"{tokens[at]} {tokens[at]}", pick("{", "}", "]", ")", "=", ",", "null", "x"))
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/main.tf", "w") as out:
            out.write("".join(tokens))
        validated = lambda of: problems(json.loads(run(of, folder, "validate", "-json"))["diagnostics"])
        theirs, ours = validated("terraform"), validated(program)
    counts["all"] += 1
    if theirs == ours:
        counts["same"] += 1
    else:
        differ("".join(tokens[max(0, at - 8) : at + 8]).strip(), theirs, ours)


def main():
    if shutil.which("terraform") is None:
        print("terraform is not there: nothing is compared")
        return
    program = os.path.abspath(sys.argv[1])
    if sys.argv[2:3] == ["configurations"]:
        seed, count = (int(word) for word in [*sys.argv[3:], *["1", "100"][len(sys.argv[3:]) :]][:2])
        whole.hunt(program, seed, count)
        return
    seed, count = (int(word) for word in [*sys.argv[2:], "1", "600"][:2]) if len(sys.argv) != 3 else (int(sys.argv[2]), 600)
    random.seed(seed)
    expressions, texts = collections.Counter(), collections.Counter()
    for _ in range(0, count, 60):
        batch(program, [expression(random.randint(1, 2)) for _ in range(60)], expressions)
    for _ in range(count // 4):
        broken(program, texts)
    print(f"expressions: {expressions['same']} of {expressions['all']} are the same; broken texts: {texts['same']} of {texts['all']}")


if __name__ == "__main__":
    main()
