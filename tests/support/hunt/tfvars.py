"""Broken `.tfvars` and `.tfvars.json` files: what `plan -json` says of them, and what it plans of those that are sound."""

import json
import random
import tempfile

import documents
from grammar import broken, expression, pick
from oracle import problems, write

MAIN = """variable "s" {
  type = string
}
variable "n" {
  type    = number
  default = 1
}
variable "l" {
  type    = list(string)
  default = []
}
variable "m" {
  type    = map(number)
  default = {}
}
variable "o" {
  type    = object({ a = string, b = optional(number, 3), c = optional(list(bool)) })
  default = null
}
variable "any" {
  default = null
}
variable "secret" {
  type      = string
  default   = "x"
  sensitive = true
}
output "o" {
  value     = [var.s, var.n, var.l, var.m, var.o, var.any, var.secret]
  sensitive = true
}
"""
NATIVE = """# values
s      = "text"
n      = 5
l      = ["a", "b"]
m      = { x = 1, "y" = 2 }
o = {
  a = "z"
  c = [true, false]
}
any    = { k = [1, "two", null] }
secret = "hush"
"""
DOCUMENT = """{
  "//": "values",
  "s": "text", "n": 5,
  "l": ["a", "b"], "m": {"x": 1, "y": 2.5},
  "o": {"a": "z", "c": [true, false]},
  "any": {"k": [1, "two", null, "${x}"]},
  "secret": "hush"
}
"""


def native():
    text = NATIVE
    if random.random() < 0.4:
        lines = text.split("\n")
        at = random.choice([place for place, line in enumerate(lines) if " = " in line and not line.startswith(" ")])
        value = pick(expression(2), "null", "1", "true", '"x"', "[]", "{}", "[1, 2]", "{ a = 1 }", "{ a = null }", "unknown", "upper(1)", '"${1}"', "<<E\nx\nE", "-1", "1 + 1", '{ a = "b", d = 1 }')
        lines[at] = lines[at].split(" = ")[0] + " = " + value
        text = "\n".join(lines)
    if random.random() < 0.2:
        text += pick("unknown = 1\n", "block {\n}\n", 's = "again"\n', "n\n", 'q = "x"\nr = 1\n', "var.s = 1\n", '"s" = 1\n')
    return broken(text) if random.random() < 0.8 else text


def main(hunt, count):
    cases = []
    for _ in range(count):
        if random.random() < 0.55:
            cases.append({"terraform.tfvars": native()})
        else:
            text = documents.broken(DOCUMENT)
            cases.append({"terraform.tfvars.json": documents.broken(text) if text and random.random() < 0.2 else text})

    def planned(of, files):
        def ask():
            with tempfile.TemporaryDirectory() as folder:
                write(folder, {"main.tf": MAIN, **files})
                out = hunt.run(of, folder, "plan", "-json", "-input=false")[1]
            lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
            outputs = [line["outputs"] for line in lines if line.get("type") == "outputs"]
            return {"problems": [line["diagnostic"] for line in lines if line.get("type") == "diagnostic"], "outputs": outputs}

        return hunt.remember(["tfvars", MAIN, files], ask) if of == "terraform" else ask()

    ask = lambda files: (files, planned("terraform", files), planned("here", files))
    for files, theirs, ours in hunt.each(ask, cases):
        [(name, text)] = files.items()
        told = lambda of: problems(of["problems"]) + [json.dumps(of["outputs"], sort_keys=True)]
        hunt.compare(f"{name}\n{text}", told(theirs), told(ours), name)
