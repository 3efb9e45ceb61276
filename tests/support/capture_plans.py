#!/usr/bin/env python3
"""Captures what terraform does with cases: writes expected.json, expected-shown.json and expected-state.json beside each, and
expected-told.json (the plan and the applied state as text) where case.json has `told`.

    capture_plans.py CASE...

A case is a folder with configuration files and case.json (`command`, `args`, `env`, `apply`), as README.md in
tests/conformance describes it. Where it has a folder `start`, that configuration is applied first, and its state, with
fixed ids, is what the case starts from. Only terraform's built-in provider is used, so nothing here needs a network.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
OF_THE_CASE = {"case.json", "expected.json", "expected-shown.json", "expected-state.json", "expected-told.json", "start"}
OF_A_PROBLEM = ["severity", "summary", "detail", "address", "range"]
OF_A_PLAN = ["variables", "checks", "applyable", "complete", "errored"]
OF_ONE_RUN = ["lineage", "terraform_version", "timestamp", "@timestamp", "@module"]


def terraform(folder, env, *arguments):
    """Runs a command; gives its exit code and standard output."""
    fixed = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "CHECKPOINT_DISABLE": "1", "TZ": "UTC"}
    done = subprocess.run(
        ["terraform", *arguments], cwd=folder, env={**fixed, **env}, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout


def lines(text):
    """Gives the JSON objects of a stream."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return found


def problems(found):
    return sorted(({name: of[name] for name in OF_A_PROBLEM if name in of} for of in found), key=json.dumps)


def told(text):
    return problems(line["diagnostic"] for line in lines(text) if line.get("type") == "diagnostic")


def last(text, kind, member):
    return next((line[member] for line in reversed(lines(text)) if line.get("type") == kind), None)


def normal(value, folder, kept):
    """Makes ids, folders and hosts the same in every run; drops what only one run has."""
    if isinstance(value, str):
        value = value.replace(os.path.realpath(folder), "<cwd>").replace(folder, "<cwd>")
        value = value.replace("registry.terraform.io", "<registry>")
        fixed = lambda found: found.startswith("00000000-0000-4000-8000-") or found in kept
        return ID.sub(lambda found: found[0] if fixed(found[0]) else "<uuid>", value)
    if isinstance(value, list):
        return [normal(part, folder, kept) for part in value]
    if isinstance(value, dict):
        return {name: normal(part, folder, kept) for name, part in value.items() if name not in OF_ONE_RUN}
    return value


def write_start(case):
    """Applies the configuration that a case starts from, and keeps its state with fixed ids."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(f"{case}/start", folder, dirs_exist_ok=True)
        terraform(folder, {}, "init", "-input=false")
        exit_code, out = terraform(folder, {}, "apply", "-auto-approve", "-input=false")
        assert exit_code == 0, (case, out)
        state = json.load(open(f"{folder}/terraform.tfstate"))
    ids = {}
    fixed = lambda found: ids.setdefault(found[0], f"00000000-0000-4000-8000-{len(ids) + 1:012d}")
    text = ID.sub(fixed, json.dumps({**state, "lineage": "", "serial": 1}, indent=1))
    state = {**json.loads(text), "lineage": "11111111-1111-4111-8111-111111111111"}
    write(f"{case}/terraform.tfstate", state)


def texts(case):
    for root, _, names in os.walk(case):
        for name in names:
            if not name.startswith("expected"):
                yield open(os.path.join(root, name), errors="replace").read()


def write(path, value):
    with open(path, "w") as out:
        json.dump(value, out, indent=1, ensure_ascii=False)
        out.write("\n")


def write_lines(path, value):
    """Writes an object with a member, or an element of one that is a list, a line."""
    texts = lambda part: [json.dumps(one, ensure_ascii=False) for one in part]
    member = lambda part: "[\n" + ",\n".join(texts(part)) + "\n]" if isinstance(part, list) else texts([part])[0]
    with open(path, "w") as out:
        out.write("{\n" + ",\n".join(f"{json.dumps(name)}: {member(part)}" for name, part in value.items()) + "\n}\n")


def lifted(entry):
    """Gives an entry with the members of its change beside its own."""
    change = entry["change"]
    own = {name: part for name, part in entry.items() if name not in ("change", "provider_name")}
    return {**own, **change}


def planned(folder, env, arguments):
    """Gives what a plan told and shows, and all of it: the document and the lines of the stream."""
    command = ["plan", "-json", "-input=false", "-detailed-exitcode", "-out=planned.out", *arguments]
    exit_code, out = terraform(folder, env, *command)
    found = {"exit": exit_code, "diagnostics": told(out), "resource_changes": [], "output_changes": {}, "planned_outputs": {}}
    shown = {"stream": [line for line in lines(out) if line["type"] != "version"]}
    if os.path.exists(f"{folder}/planned.out"):
        plan = json.loads(terraform(folder, env, "show", "-json", "planned.out")[1])
        found["resource_changes"] = [lifted(entry) for entry in plan.get("resource_changes", [])]
        found["output_changes"] = plan.get("output_changes", {})
        found["planned_outputs"] = plan["planned_values"].get("outputs", {})
        if plan.get("resource_drift"):
            found["resource_drift"] = plan["resource_drift"]
        found.update({name: plan[name] for name in OF_A_PLAN if name in plan})
        shown["document"] = plan
    return found, shown


def applied(folder, env, arguments):
    exit_code, out = terraform(folder, env, "apply", "-json", "-auto-approve", "-input=false", *arguments)
    outputs = {} if exit_code else last(out, "outputs", "outputs") or {}
    summary = last(out, "change_summary", "changes")
    return {"exit": exit_code, "diagnostics": told(out), "outputs": outputs, "summary": summary}


def validated(folder, env):
    out = terraform(folder, env, "validate", "-json")[1]
    try:
        found = json.loads(out)
        return {"valid": found["valid"], "diagnostics": problems(found["diagnostics"])}
    except ValueError:
        return {"valid": False, "diagnostics": told(out)}


def capture(case):
    described = json.load(open(f"{case}/case.json"))
    env = described.get("env") or {}
    arguments = (["-destroy"] if described["command"] == "destroy" else []) + described["args"]
    if os.path.isdir(f"{case}/start"):
        write_start(case)
    kept = {found for text in texts(case) for found in ID.findall(text)}

    def fresh(folder):
        skipped = lambda _, names: [name for name in names if name in OF_THE_CASE]
        shutil.copytree(case, folder, dirs_exist_ok=True, ignore=skipped)
        return terraform(folder, env, "init", "-input=false")[0]

    text = {}
    with tempfile.TemporaryDirectory() as folder:
        expected = {"init_exit": fresh(folder), "validate": validated(folder, env)}
        if described["command"] == "validate":
            expected["exit"] = 0 if expected["validate"]["valid"] else 1
            expected["diagnostics"] = expected["validate"]["diagnostics"]
        else:
            told, shown = planned(folder, env, arguments)
            text["plan"] = terraform(folder, env, "plan", "-no-color", "-input=false", *arguments)[1]
            expected.update(told)
            if told["exit"] != 1:
                write_lines(f"{case}/expected-shown.json", normal(shown, folder, kept))
        expected = normal(expected, folder, kept)
    if described.get("apply"):
        with tempfile.TemporaryDirectory() as folder:
            fresh(folder)
            expected["apply"] = normal(applied(folder, env, arguments), folder, kept)
            text["state"] = terraform(folder, env, "show", "-no-color")[1]
            workspace = env.get("TF_WORKSPACE")
            path = f"terraform.tfstate.d/{workspace}/terraform.tfstate" if workspace else "terraform.tfstate"
            if os.path.exists(f"{folder}/{path}"):
                state = json.load(open(f"{folder}/{path}"))
                start = 1 if os.path.exists(f"{case}/terraform.tfstate") else 0
                state["serial_change"] = "higher" if state["serial"] > start else "same"
                write(f"{case}/expected-state.json", normal(state, folder, kept))
    write(f"{case}/expected.json", expected)
    if described.get("told"):
        write(f"{case}/expected-told.json", normal(text, folder, kept))


for case in sys.argv[1:]:
    capture(case.rstrip("/"))
    print(case, flush=True)
