"""Broken `.tf.json` files: what `validate -json` says of them.

Called `documents`, since a module named `json` would hide Python's own.
"""

import random
import re

from grammar import expression, pick
from oracle import problems

SOUND = """{
  "//": "a comment",
  "terraform": {"required_version": ">= 1.0", "required_providers": {"t": {"source": "terraform.io/builtin/terraform"}}},
  "variable": {"a": {"type": "list(string)", "default": ["x", "y"], "description": "d", "validation": {"condition": "${length(var.a) < 3}", "error_message": "Too many: ${length(var.a)}."}}, "b": {}},
  "locals": {"one": "${var.a[0]}", "two": {"k": [1, 2.5, true, null], "${var.b}": "v"}, "three": "%{ if true }x%{ endif }"},
  "resource": {
    "terraform_data": {
      "x": {"for_each": "${toset(var.a)}", "input": "${each.key}", "triggers_replace": ["${local.one}"], "lifecycle": {"create_before_destroy": true, "ignore_changes": ["input"], "precondition": [{"condition": "${each.key != \\"\\"}", "error_message": "no"}]}, "depends_on": ["terraform_data.y"]},
      "y": [{"input": 1, "count": 2, "provisioner": [{"local-exec": {"command": "echo"}}]}]
    }
  },
  "data": {"terraform_remote_state": {"r": {"backend": "local", "config": {"path": "x"}}}},
  "output": {"o": {"value": "${terraform_data.x}", "sensitive": false}},
  "moved": [{"from": "terraform_data.old", "to": "terraform_data.y[0]"}],
  "removed": {"from": "terraform_data.gone", "lifecycle": {"destroy": false}},
  "check": {"c": {"assert": {"condition": "${local.one == \\"y\\"}", "error_message": "no"}}},
  "import": {"to": "terraform_data.y[1]", "id": "x"}
}
"""
TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*"|[a-z]+|-?\d+(?:\.\d+)?|\s+|.', re.S)
STRAY = ["{", "}", "[", "]", ",", ":", "=", '"', '"x"', "null", "true", "tru", "1", "-", "1.2.3", "'", "/*", "#", "\n", "é", '"${"', '"${1 +}"', '"\\q"', '"a": 1', '"a": 1,']
STRAY += ["{}", "[]", '"%{ if }"', "\\", '"${var.zz}"', '"a', "0x1", "+1", "1e", "[[1]]", '{"a": {}}', '"\\ud800"', '"\\u00"', "NaN", "undefined", "\t", "01", "-01", "1.", '"${local.one}${"', "[{}]", '"a\tb"']


def broken(text):
    """Breaks a document in one place."""
    words = TOKENS.findall(text)
    places = [place for place, word in enumerate(words) if not word.isspace()]
    if not places:
        return text
    at, other = random.choice(places), random.choice(places)
    chance = random.random()
    if chance < 0.2:
        del words[at]
    elif chance < 0.3:
        words[at] *= 2
    elif chance < 0.48:
        words[at] = pick(*STRAY) + pick("", " ") + words[at]
    elif chance < 0.66:
        words[at] = pick(*STRAY)
    elif chance < 0.74:
        words[at], words[other] = words[other], words[at]
    elif chance < 0.84:
        at = random.choice([place for place, word in enumerate(words) if re.match(r'"[a-z_]+"$', word)] or places)
        words[at] = words[at][:-1] + pick('x"', '_"', '"')
    elif chance < 0.93:
        at = random.choice([place for place, word in enumerate(words) if word.startswith('"$')] or places)
        # In a string of several lines terraform names lines that the file does not have.
        inner = expression(2).replace("\n", " ").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", " ")
        words[at] = f'"{pick("", "a ")}${{{inner}}}"'
    else:
        return text[: random.randrange(len(text))]
    return "".join(words)


def main(hunt, count):
    texts = []
    for _ in range(count):
        text = broken(SOUND)
        texts.append(broken(text) if text and random.random() < 0.25 else text)
    ask = lambda text: (text, *(hunt.validated(of, {"main.tf.json": text}) for of in ("terraform", "here")))
    for text, theirs, ours in hunt.each(ask, texts):
        # A changed resource type or provider would have to be installed.
        if any("Missing required provider" in of["summary"] for of in theirs):
            continue
        lines = [line[:400] for line in text.split("\n") if line not in SOUND.split("\n")]
        hunt.compare("\n".join(lines or ["(cut off)"]), problems(theirs), problems(ours), "documents")
