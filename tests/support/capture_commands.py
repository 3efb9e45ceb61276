#!/usr/bin/env python3
"""Holds sequences of commands of this program against terraform's, or captures them for tests/conformance/commands.json.

    capture_commands.py --compare PROGRAM CASES.txt...
    capture_commands.py --capture commands.json CASES.txt...

A file of cases is text: `=== name` begins a case, `--- path` one of its files (what comes before the first is main.tf),
`$ [VARIABLE=value] arguments` a command, `< line` a line of what is typed at it. Both programs run in folders of their own;
JSON is compared member by member, other output by its lines, what is said on standard error by its words. Only terraform's
built-in provider is used, so nothing here needs a network.
"""

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+)")


def cases(path):
    found, name = [], "main.tf"
    for line in open(path):
        if line.startswith("=== "):
            found.append({"name": line[4:].strip(), "files": {}, "steps": []})
            name = "main.tf"
        elif line.startswith("--- "):
            name = line[4:].strip()
            found[-1]["files"][name] = ""
        elif line.startswith("$ "):
            step, words = {}, line[2:].split()
            while "=" in words[0] and not words[0].startswith("-"):
                variable, _, value = words.pop(0).partition("=")
                step.setdefault("env", {})[variable] = value
            found[-1]["steps"].append({"run": " ".join(words), **step})
        elif line.startswith("< "):
            step = found[-1]["steps"][-1]
            step["input"] = step.get("input", "") + line[2:]
        else:
            files = found[-1]["files"]
            files[name] = files.get(name, "") + line
    return found


def run(program, folder, step):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "CHECKPOINT_DISABLE": "1", "TZ": "UTC"}
    env.update(step.get("env", {}))
    done = subprocess.run([program, *step["run"].split(" ")], cwd=folder, env=env, capture_output=True, text=True,
                          input=step.get("input", ""), timeout=120)

    def cut(text):
        text = TIME.sub("<time>", UUID.sub("<uuid>", text)).replace(os.path.realpath(folder), "<cwd>")
        text = re.sub(r"(?m)[ \t]+$", "", re.sub(r"\x1b\[[0-9;]*m", "", text))
        return re.sub(r"\bterraform\b(?!\.)", "terrane", text).replace("Terraform", "Terrane")

    return done.returncode, cut(done.stdout), cut(done.stderr)


def said(text):
    return " ".join(re.sub("(?m)^[╷│╵]", "", text).split())


def members(value, path=""):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner:
        yield path, value
    for name, of in inner:
        yield from members(of, f"{path}.{name}")


def differences(theirs, ours):
    if theirs[0] != ours[0]:
        yield f"exit: terraform {theirs[0]}, here {ours[0]}"
    try:
        one, other = (dict(members(json.loads(text))) for text in (theirs[1], ours[1]))
        for path in sorted({**one, **other}):
            if one.get(path, "nothing") != other.get(path, "nothing"):
                yield f"{path}: terraform {one.get(path, 'nothing')!r}, here {other.get(path, 'nothing')!r}"
    except ValueError:
        lines = (text.splitlines() for text in (theirs[1], ours[1]))
        yield from difflib.unified_diff(*lines, "terraform", "here", lineterm="", n=1)
    if said(theirs[2]) != said(ours[2]):
        yield f"says: terraform {said(theirs[2])!r}, here {said(ours[2])!r}"


def folder_of(case, initialised):
    folder = tempfile.mkdtemp()
    for name, text in case["files"].items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(text)
    if initialised:
        run("terraform", folder, {"run": "init -input=false"})
    return folder


def compare(program, case):
    theirs, ours = folder_of(case, True), folder_of(case, False)
    for step in case["steps"]:
        found = list(differences(run("terraform", theirs, step), run(program, ours, step)))
        print("differs" if found else "same", case["name"], "$", step["run"])
        for line in found:
            print("   ", line[:300])
    for folder in (theirs, ours):
        shutil.rmtree(folder)


def capture(topic, case):
    folder = folder_of(case, True)
    for step in case["steps"]:
        code, out, err = run("terraform", folder, step)
        step["exit"] = code
        # How plans and their carrying out are told is held elsewhere.
        if step["run"].split()[0] not in ("plan", "apply", "destroy", "init", "refresh"):
            step.update({"out": out, **({"says": said(err)} if err.strip() else {})})
    shutil.rmtree(folder)
    topic["cases"] = [other for other in topic["cases"] if other["name"] != case["name"]] + [case]


if shutil.which("terraform") is None:
    sys.exit("terraform is not here: there is nothing to hold the commands against")
how, what, *files = sys.argv[1:]
topic = json.load(open(what)) if how == "--capture" else None
for path in files:
    for case in cases(path):
        if topic is None:
            compare(what, case)
        else:
            capture(topic, case)
if topic is not None:
    with open(what, "w") as out:
        json.dump(topic, out, indent=1, ensure_ascii=False)
        out.write("\n")
