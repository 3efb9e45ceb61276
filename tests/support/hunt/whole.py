"""Compares what the program and terraform do with whole configurations, for hunt.py."""

import collections
import difflib
import functools
import hashlib
import inspect
import json
import os
import pickle
import re
import subprocess
import tempfile

import configurations
import further
import making
import nested

ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "CHECKPOINT_DISABLE": "1", "TZ": "UTC", "TF_CLI_CONFIG_FILE": "/dev/null"}
OF_ONE_RUN = {"timestamp", "@timestamp", "@module", "terraform_version", "lineage", "serial", "elapsed_seconds"}
# What only the program says.
OWN = {"source", "help", "related", "also", "sources", "source_calls", "repetition_sources", "certainty", "conditional_on", "risks", "digest"}
# What makes the cases: others of the same seed are not those that were kept.
MADE_BY = hashlib.sha256("".join(inspect.getsource(of) for of in (configurations, further, making, nested)).encode()).hexdigest()[:8]
TEXTS = {"plan as text", "problems as text", "saved plan as text", "state as text", "outputs as text", "one output as text", "state show", "providers", "graph"}


def run_in(program, folder, *arguments, env={}):
    done = subprocess.run(
        [program, *arguments], cwd=folder, env={**ENV, **env}, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def write(folder, files):
    for name, text in files.items():
        os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
        with open(f"{folder}/{name}", "w") as out:
            out.write(text)


def state_in(folder):
    path = f"{folder}/terraform.tfstate"
    return json.load(open(path)) if os.path.exists(path) else None


def applied(files):
    """Applies files with terraform; gives the state, as far as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, files)
        run_in("terraform", folder, "init", "-input=false")
        run_in("terraform", folder, "apply", "-auto-approve", "-input=false")
        return state_in(folder)


def plain(value):
    """Makes ids the same, and drops what one run or one program has alone."""
    if isinstance(value, dict):
        out = {name: plain(part) for name, part in value.items() if name not in OF_ONE_RUN | OWN}
        for name in {"checks", "check_results", "relevant_attributes", "objects", "dependencies", "sensitive_attributes"} & set(out):
            if isinstance(out[name], list):
                out[name].sort(key=json.dumps)
        # Modules come as they were planned, at once.
        if isinstance(out.get("child_modules"), list):
            out["child_modules"].sort(key=lambda module: module["address"])
        return out
    if isinstance(value, list):
        return [plain(part) for part in value]
    if not isinstance(value, str):
        return value
    value = re.sub(r"after \d+s", "after 0s", ID.sub("<uuid>", listed(value))).replace("terrane ", "terraform ")
    return "Cycle: " + ", ".join(sorted(value[7:].split(", "))) if value.startswith("Cycle: ") else value


def stream(text):
    """Gives the problems of a stream, and its other lines; both without order."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    problems = {json.dumps(plain(line["diagnostic"]), sort_keys=True) for line in lines if line["type"] == "diagnostic"}
    rest = [plain(line) for line in lines if line["type"] not in ("version", "diagnostic", "plan_digest", "apply_progress")]
    for line in rest:
        # Whether an object that is made has its former id yet is by chance.
        hook = line.get("hook", {})
        if line["type"] == "apply_start" and hook.get("action") == "create":
            line["hook"] = {name: part for name, part in hook.items() if not name.startswith("id_")}
            line["@message"] = line["@message"].replace(" [id=<uuid>]", "")
    return sorted(problems), sorted(json.dumps(line, sort_keys=True) for line in rest)


def listed(text):
    """Sorts the points of a list: terraform tells them in any order."""
    return re.sub(r"(\n - .*)+", lambda found: "".join(sorted("\n" + line for line in found[0][1:].split("\n"))), text)


def told(text):
    """Gives what is told, a paragraph a line, and the problems below it: both programs' names, widths and own lines left out."""
    text = ID.sub("<uuid>", text)
    for name, short in [("Terraform", "T"), ("Terrane", "T"), ("terraform", "t"), ("terrane", "t")]:
        text = text.replace(name, short)
    text = re.sub(r" \([^\s()]*\.tf:\d+\)", "", text)
    text = re.sub(r"(?m)^(Digest: .*|─+|  \. forget \(.*|.*: (Reading|Read complete|Refreshing state|Preparing import).*)$\n?", "", text)
    text = re.sub(r"(?m)^  # (because|perhaps:|danger:) .*$\n?", "", text)
    text = re.sub(r"(?m)^\d+ changes? (is|are) not certain.*(\n.+)*\n\n", "", text)
    text = re.sub(r"(?m)\n*^help: .*(\n.+)*", "", listed(text))
    text = re.sub(r"(?m), \d+ to forget\.$", ".", text)
    out = []
    for line in text.split("\n"):
        goes_on = re.match(r'["\w]', line) and not re.match(r"\w+ += ", line)
        if goes_on and out and re.match(r"\w", out[-1]):
            out[-1] += " " + line.rstrip()
        elif line.strip() or (out and out[-1]):
            out.append(line.rstrip())
    text = "\n".join(out).replace("T used the selected providers to generate the following execution plan. Resource actions", "Resource actions")
    text = re.sub(r"Note: You didn't use the -out option.*", "", text)
    first, *problems = re.split(r"\n*^(?=Warning: |Error: )", text, flags=re.M)
    return first.strip("\n"), {problem.strip("\n") for problem in problems} - {""}


def side(program, files, options, state, env):
    """Gives all that a program does with a configuration, by kind."""
    ours = program != "terraform"
    run = functools.partial(run_in, env=env)
    with tempfile.TemporaryDirectory() as folder:
        write(folder, files)
        if state:
            write(folder, {"terraform.tfstate": json.dumps(state)})
        if not ours:
            run(program, folder, "init", "-input=false")
        validated = json.loads(run(program, folder, "validate", "-json")[1])
        code, out, _ = run(program, folder, "plan", "-json", "-input=false", "-detailed-exitcode", "-out=saved", *options)
        problems, lines = stream(out)
        found = {"exit": code, "problems": problems}
        found["validate"] = sorted(json.dumps(plain(problem), sort_keys=True) for problem in validated["diagnostics"])
        _, text, error = run(program, folder, "plan", "-no-color", "-input=false", "-lock=false", *options)
        found["plan as text"], below = told(text)
        found["problems as text"] = sorted(below | told(error)[1])
        if code == 1:
            return found
        shown = ["show", "-json", *["-show-sensitive"] * ours]
        found["document"], found["stream"] = plain(json.loads(run(program, folder, *shown, "saved")[1])), lines
        found["saved plan as text"] = told(run(program, folder, "show", "-no-color", "saved")[1])[0]
        code, out, _ = run(program, folder, "apply", "-json", "-auto-approve", "-input=false", *options)
        found["exit of apply"], (found["problems of apply"], found["stream of apply"]) = code, stream(out)
        found["state"] = plain(state_in(folder))
        found["state as text"] = told(run(program, folder, "show", "-no-color")[1])[0]
        found["state as document"] = plain(json.loads(run(program, folder, *shown)[1]))
        found["outputs as text"] = told(run(program, folder, "output", "-no-color")[1])[0]
        found.update(asked_after(functools.partial(run, program, folder)))
        found["exit of next plan"] = run(program, folder, "plan", "-input=false", "-detailed-exitcode")[0]
    return found


def asked_after(ask):
    """Asks other commands of what was applied."""
    answer = lambda *of: [ask(*of)[0], told(ask(*of)[1])[0], sorted(told(ask(*of)[2])[1])]
    addresses = ask("state", "list")[1].splitlines()
    outputs = ask("output", "-json")[1]
    found = {"state list": sorted(ID.sub("<uuid>", address) for address in addresses), "outputs as JSON": plain(json.loads(outputs or "null"))}
    names = sorted(found["outputs as JSON"] or [])[:4]
    found["output"] = [answer("output", form, "-no-color", name) for name in names for form in ("-raw", "-json")]
    found["one output as text"] = [answer("output", "-no-color", name) for name in names]
    shown = [addresses[at] for at in {0, len(addresses) // 2, len(addresses) - 1} if addresses]
    found["state show"] = [answer("state", "show", "-no-color", address) for address in shown]
    # Which module comes first is by chance with terraform.
    found["providers"] = sorted(re.sub(r"[│├└─\s]+", " ", line) for line in ask("providers")[1].splitlines())
    found["graph"] = sorted({line for line in ask("graph")[1].splitlines() if "/*" not in line})
    if addresses:
        managed = [address for address in addresses if not re.search(r"(^|\.)data\.", address)] or addresses
        found["state mv"] = [ask("state", "mv", managed[0], pick_of(managed[0]))[0], ask("state", "list")[1]]
        found["state rm"] = [ask("state", "rm", managed[-1])[0], ask("state", "list")[1]]
    return found


def pick_of(address):
    """Gives another name for an address, by what it is."""
    of, name = re.sub(r"\[[^\]]*\]$", "", address).rsplit(".", 1)
    return f"{of}.{name}_else"


def of_terraform(seed):
    """Gives a configuration and what terraform does with it, from what was kept where it was."""
    kept = os.environ.get("HUNT_KEPT")
    path = kept and f"{kept}/{MADE_BY}-{seed}"
    if path and os.path.exists(path):
        return pickle.load(open(path, "rb"))
    case = making.make(seed, applied)
    found = *case, side("terraform", *case)
    if path:
        os.makedirs(kept, exist_ok=True)
        pickle.dump(found, open(path, "wb"))
    return found


def differences(theirs, ours):
    texts = lambda of: of.splitlines() if isinstance(of, str) else json.dumps(of, indent=1, sort_keys=True, ensure_ascii=False).splitlines()
    lines = difflib.unified_diff(texts(theirs), texts(ours), "terraform", "here", n=1, lineterm="")
    return [line[:200] for line in lines][2:40]


def hunt(program, seed, count):
    counts = collections.Counter()
    for number in range(seed, seed + count):
        *case, theirs = of_terraform(number)
        options, ours = case[1], side(program, *case)
        kinds = [kind for kind in theirs if theirs[kind] != ours.get(kind)]
        counts["same"] += not kinds
        counts["same but for text"] += not set(kinds) - TEXTS
        if kinds:
            print(f"==== {number} {' '.join(options)}")
        for kind in kinds:
            counts[kind] += 1
            print("\n".join([f"== {kind}", *differences(theirs[kind], ours.get(kind))]), flush=True)
    print(f"configurations: {counts.pop('same')} of {count} are the same; without text {counts.pop('same but for text')}; {dict(counts)}")
