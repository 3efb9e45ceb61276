"""What all modes need: running both programs, comparing what they tell, counting."""

import collections
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import tempfile

ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
OF_A_PROBLEM = ["severity", "summary", "detail", "address", "range", "snippet"]
WORKERS = 4


class Hunt:
    """One hunt: the program, the counts and what differed."""

    def __init__(self, program, cache=None):
        self.program = os.path.abspath(program)
        self.cache = cache
        self.counts = collections.Counter()
        self.causes = collections.Counter()
        if cache:
            os.makedirs(cache, exist_ok=True)

    def run(self, which, folder, *arguments, stdin=None):
        """Runs a command of `terraform` or of the program; gives its exit and its two outputs."""
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "CHECKPOINT_DISABLE": "1", "TZ": "UTC"}
        env["TF_CLI_CONFIG_FILE"] = "/dev/null"
        of = "terraform" if which == "terraform" else self.program
        given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin.encode("utf-8", "surrogateescape")}
        try:
            done = subprocess.run([of, *arguments], cwd=folder, env=env, capture_output=True, timeout=120, **given)
        except subprocess.TimeoutExpired:
            return -1, "", "no answer in two minutes"
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def remember(self, key, ask):
        """Gives what terraform answered to the same question before, or asks."""
        if not self.cache:
            return ask()
        name = hashlib.sha256(json.dumps(key, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
        path = os.path.join(self.cache, name)
        if not os.path.exists(path):
            answer = ask()
            with open(f"{path}.{os.getpid()}.{id(answer)}", "w") as out:
                json.dump(answer, out)
            os.rename(out.name, path)
        with open(path) as found:
            return json.load(found)

    def each(self, ask, cases):
        """Asks for all cases, several at once; gives the answers in order."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            yield from pool.map(ask, cases)

    def compare(self, what, theirs, ours, cause=""):
        """Counts a case and tells how it differs."""
        self.counts["all"] += 1
        # What terraform tells twice in the same words of the same place is told once.
        if set(theirs) == set(ours):
            self.counts["same"] += 1
            return
        self.causes[cause] += 1
        print(f"== {what}")
        for one in sorted(set(theirs) - set(ours)):
            print(f"  terraform: {one[:3000]}")
        for one in sorted(set(ours) - set(theirs)):
            print(f"  here:      {one[:3000]}")

    def validated(self, which, files, init=False):
        """Gives the problems that `validate` tells of files."""

        def ask():
            with tempfile.TemporaryDirectory() as folder:
                write(folder, files)
                if init:
                    self.run(which, folder, "init", "-input=false")
                code, out, err = self.run(which, folder, "validate", "-json")
            try:
                return json.loads(out)["diagnostics"]
            except ValueError:
                return [{"severity": "crash", "summary": f"exit {code}", "detail": (out + err)[:2000]}]

        return self.remember(["validate", init, files], ask) if which == "terraform" else ask()

    def summary(self, name):
        share = 100 * self.counts["same"] / max(1, self.counts["all"])
        return f"{name}: {self.counts['same']} of {self.counts['all']} are the same ({share:.1f} %) {dict(self.causes)}"


def write(folder, files):
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", newline="", errors="surrogateescape") as out:
            out.write(text)


def problem(of):
    """Writes a problem as one line, without what only one of the programs has."""
    of = {name: of.get(name) for name in OF_A_PROBLEM}
    if of.get("snippet"):
        of["snippet"] = {name: value for name, value in of["snippet"].items() if name not in ("help", "related", "also")}
    detail = of["detail"] or ""
    if "has not been declared" in detail:
        # Which of several near names is meant is chance with terraform.
        of["detail"] = re.sub(r'Did you mean "[^"]*"', 'Did you mean "…"', detail)
    if "Cycle: " in detail + of["summary"]:
        of["summary"] = ", ".join(sorted(of["summary"].replace("Cycle: ", "").split(", ")))
    return ID.sub("<uuid>", json.dumps(of, sort_keys=True, ensure_ascii=False))


def problems(found):
    return sorted(problem(of) for of in found)


def by_file(found):
    """Parts problems by the file that they are told of."""
    parted = collections.defaultdict(list)
    for of in found:
        parted[(of.get("range") or {}).get("filename", "")].append(problem(of))
    return {name: sorted(all_of) for name, all_of in parted.items()}
