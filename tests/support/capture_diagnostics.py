#!/usr/bin/env python3
"""Captures what terraform says of configurations with mistakes, as a topic of tests/conformance/diagnostics.

    capture_diagnostics.py TOPIC.json CASES.txt...

A file of cases is text: `=== name | command and arguments` (validate where none is named) begins a case, and
`--- path` one of its files; what comes before the first is main.tf. Cases that the topic has already stay; those of
the same name are captured anew. Only terraform's built-in provider is used, so nothing here needs a network.
"""

import json
import os
import subprocess
import sys
import tempfile

OF_A_PROBLEM = ["severity", "summary", "detail", "address", "range", "snippet"]


def cases(path):
    found, name = [], "main.tf"
    for line in open(path):
        if line.startswith("=== "):
            title, _, command = line[4:].strip().partition(" | ")
            found.append({"name": title, "command": command.split() or ["validate"], "files": {}})
            name = "main.tf"
        elif line.startswith("--- "):
            name = line[4:].strip()
            found[-1]["files"][name] = ""
        else:
            files = found[-1]["files"]
            files[name] = files.get(name, "") + line
    return found


def terraform(folder, *arguments):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "CHECKPOINT_DISABLE": "1", "TZ": "UTC"}
    command = ["terraform", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    cut = lambda text: text.replace(os.path.realpath(folder), "<cwd>")
    return done.returncode, cut(done.stdout), cut(done.stderr)


def problems(out, command):
    if command == "validate":
        return json.loads(out)["diagnostics"]
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return [line["diagnostic"] for line in lines if line.get("type") == "diagnostic"]


def capture(case):
    command, *arguments = case["command"]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in case["files"].items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as out:
                out.write(text)
        init = terraform(folder, "init", "-input=false")[0]
        code, out, _ = terraform(folder, command, "-json", *arguments)
        told = [{name: of[name] for name in OF_A_PROBLEM if name in of} for of in problems(out, command)]
        _, out, err = terraform(folder, command, "-no-color", *arguments)
    found = {"name": case["name"], "files": case["files"]}
    if command != "validate":
        found["command"] = command
    if arguments:
        found["args"] = arguments
    if init:
        found["init_exit"] = init
    found.update({"exit": code, "diagnostics": told})
    if err:
        found["text"] = err
    return found


topic, *files = sys.argv[1:]
known = json.load(open(topic))
for path in files:
    for case in cases(path):
        known["cases"] = [other for other in known["cases"] if other["name"] != case["name"]]
        known["cases"].append(capture(case))
with open(topic, "w") as out:
    json.dump(known, out, indent=1, ensure_ascii=False)
    out.write("\n")
