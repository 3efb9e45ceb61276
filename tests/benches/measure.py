#!/usr/bin/env python3
"""Measures Terrane, beside Terraform in the same run where `terraform` is on the PATH, and prints the tables of docs/performance.md.

    cargo build --release
    tests/benches/measure.py [--terrane PATH] [--runs N] [--largest INSTANCES] [start] [example] [blocks] [growth] [state] [refresh] [drift]
    tests/benches/measure.py doubling [--only TEXT]         # what grows faster than its input (minutes)

Every figure is the median of N runs (of fewer where a run of the peer takes long) of the whole process: wall-clock and CPU time (user and system, of the
process and of its children) in milliseconds, and the largest resident memory in MB, as the kernel tells them at its end (wait4).
Nothing leaves the machine: the configurations are written here, use `terraform_data` only, and the example runs on the embedded sandbox.
"""
import argparse, json, os, platform, shutil, socket, statistics, subprocess, sys, tempfile, threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter, sleep
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from shapes import SHAPES, write

ROOT = Path(__file__).resolve().parents[2]


def run(program, arguments, folder, expect=(0,), environment=None):
    """One run: wall seconds, CPU seconds, resident bytes. Stops the script when the program's exit code is not one of `expect`."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "GOOGLE_", "CHECKPOINT"))}
    clean.update({"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "NO_COLOR": "1"}, **(environment or {}))
    with tempfile.TemporaryFile() as told:
        begin = perf_counter()
        child = subprocess.Popen([program, *arguments], cwd=folder, stdout=told, stderr=told, stdin=subprocess.DEVNULL, env=clean)
        _, status, used = os.wait4(child.pid, 0)
        wall = perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in expect:
            told.seek(0)
            sys.exit(f"{program} {' '.join(arguments)} in {folder}: exit {child.returncode}\n{told.read().decode(errors='replace')[-3000:]}")
    unit = 1 if platform.system() == "Darwin" else 1024
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def median(runs, *arguments, before=None, **options):
    """The median of several runs, each figure by itself."""
    figures = []
    for _ in range(runs):
        if before:
            before()
        figures.append(run(*arguments, **options))
    return tuple(statistics.median(column) for column in zip(*figures))


class Table:
    """Rows of one program beside another's, as Markdown."""

    def __init__(self, title, peer):
        self.peer = peer
        print(f"\n### {title}\n")
        heads = ["what", "Terrane wall", "CPU", "memory"] + (["Terraform wall", "CPU", "memory", "CPU ratio"] if peer else [])
        print("| " + " | ".join(heads) + " |")
        print("|---" + "|--:" * (len(heads) - 1) + "|")

    @staticmethod
    def cells(figures):
        wall, cpu, memory = figures
        return [f"{wall * 1000:,.0f} ms", f"{cpu * 1000:,.0f} ms", f"{memory / 1e6:,.0f} MB"]

    def row(self, name, ours, theirs=None):
        cells = [name, *self.cells(ours)]
        if self.peer:
            cells += [*self.cells(theirs), f"{theirs[1] / ours[1]:,.0f}×"] if theirs else ["", "", "", ""]
        print("| " + " | ".join(cells) + " |", flush=True)


def blocks(count):
    """`count` resource blocks in chains of ten, with a local value each tenth: what people's files look like, without a provider."""
    parts = []
    for index in range(count):
        value = f'terraform_data.item_{index - 1}.output' if index % 10 else f'"${{var.prefix}}-{index}"'
        parts.append(f'resource "terraform_data" "item_{index}" {{\n  input = {value}\n}}\n')
    return 'variable "prefix" {\n  type    = string\n  default = "app"\n}\n\n' + "\n".join(parts)


def independent(count):
    return "".join(f'resource "terraform_data" "item_{index}" {{\n  input = "item {index}"\n}}\n' for index in range(count))


def buckets(count, backend):
    return backend + (
        f'resource "google_storage_bucket" "b" {{\n  count    = {count}\n  name     = "state-bench-${{count.index}}"\n  location = "US"\n'
        '  labels   = { number = count.index }\n}\n')


DRIFT = """provider "google" {
  project = "polls-demo"
}

resource "google_project_service" "storage" {
  service = "storage.googleapis.com"
}

resource "google_storage_bucket" "b" {
  count    = 10000
  name     = "drift-bench-${count.index}"
  location = "EU"

  depends_on = [google_project_service.storage]
}
"""

REFRESH = """provider "google" {
  project = "polls-demo"
}
resource "google_project_service" "needed" {
  for_each = toset(["storage", "iam"])
  service  = "${each.key}.googleapis.com"
}
resource "google_storage_bucket" "b" {
  count      = 1000
  name       = "refresh-bench-${count.index}"
  location   = "EU"
  depends_on = [google_project_service.needed]
}
resource "google_service_account" "a" {
  count      = 100
  account_id = "refresh-${count.index}"
  depends_on = [google_project_service.needed]
}
resource "google_storage_hmac_key" "k" {
  count                 = 200
  service_account_email = google_service_account.a[floor(count.index / 2)].email
}
"""


def for_each(count):
    return (f'locals {{\n  items = {{ for i in range({count}) : format("item-%06d", i) => i }}\n}}\n\n' if count <= 1024 else
            f'locals {{\n  items = {{ for p in setproduct(range({count // 1000}), range(1000)) : format("item-%06d", p[0] * 1000 + p[1]) => p[1] }}\n}}\n\n') + (
            'resource "terraform_data" "item" {\n  for_each = local.items\n  input    = "${each.key} is ${each.value}"\n}\n')


def modules(folder, count, each):
    write(folder, "main.tf", "\n".join(f'module "m{i}" {{\n  source = "./part"\n  name   = "m{i}"\n}}\n' for i in range(count)))
    write(folder, "part/main.tf", 'variable "name" {\n  type = string\n}\n\n' + "\n".join(
        f'resource "terraform_data" "item_{i}" {{\n  input = "${{var.name}}-{i}"\n}}\n' for i in range(each)))


class Served:
    """A sandbox on a port, and before its Cloud Storage a port that counts what is written to the state's bucket."""

    def __init__(self, program, folder):
        self.program, self.folder, self.bytes, self.requests = program, folder, 0, 0

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        arguments = [self.program, "sandbox", "--listen", f"127.0.0.1:{port}", "--speed", "1"]
        self.child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        try:
            self.prepare()
        except BaseException:
            # What is not entered is not left either.
            self.child.terminate()
            self.child.wait()
            raise
        return self

    def prepare(self):
        answer = None
        for _ in range(300):
            if self.child.poll() is not None:
                sys.exit(f"{' '.join(self.child.args)}: exit {self.child.returncode}")
            try:
                answer = urlopen(Request(f"{self.base}/sandbox/token?lifetime=31536000s", b"", method="POST")).read()
                break
            except OSError:
                sleep(0.1)
        if answer is None:
            sys.exit(f"{' '.join(self.child.args)} does not answer")
        self.token, project = json.loads(answer)["access_token"], "polls-demo"
        self.ask(f"/serviceusage/v1/projects/{project}/services/storage.googleapis.com:enable", {})
        self.ask("/sandbox/clock", {"advance": "120s"})
        self.ask(f"/storage/storage/v1/b?project={project}", {"name": "state-bench", "location": "US"})
        self.counter = ThreadingHTTPServer(("127.0.0.1", 0), counting(self))
        threading.Thread(target=self.counter.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{self.counter.server_port}/storage/v1/"
        self.backend = (
            f'terraform {{\n  backend "gcs" {{\n    bucket = "state-bench"\n    access_token = "{self.token}"\n'
            f'    storage_custom_endpoint = "{endpoint}"\n  }}\n}}\nprovider "google" {{\n  project = "{project}"\n}}\n')

    def __exit__(self, *_):
        self.counter.shutdown()
        self.child.terminate()
        self.child.wait()

    def ask(self, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = Request(self.base + path, json.dumps(body).encode() if body is not None else None, headers)
        return urlopen(request).read()

    def environment(self):
        return {"GOOGLE_OAUTH_ACCESS_TOKEN": self.token, "GOOGLE_STORAGE_CUSTOM_ENDPOINT": f"{self.base}/storage/storage/v1/",
                "GOOGLE_IAM_BETA_CUSTOM_ENDPOINT": f"{self.base}/iam/v1/",
                "GOOGLE_SERVICE_USAGE_CUSTOM_ENDPOINT": f"{self.base}/serviceusage/v1/"}

    def each(self, paths):
        """Reads one after the other over one connection."""
        connection = HTTPConnection(self.base.split("://")[1])
        for path in paths:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            connection.getresponse().read()

    def state_size(self):
        return len(self.ask("/storage/storage/v1/b/state-bench/o/default.tfstate?alt=media"))


def counting(served):
    """Hands requests on to the sandbox's Cloud Storage, and counts the bytes of those that write."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def hand_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command in ("POST", "PUT", "PATCH"):
                served.bytes += len(body)
                served.requests += 1
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
            request = Request(f"{served.base}/storage{self.path}", body or None, headers, method=self.command)
            try:
                answer = urlopen(request)
            except HTTPError as refused:
                answer = refused
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = hand_on

    return Handler


class Measure:
    """What is measured, section by section."""

    def __init__(self, options, scratch):
        self.ours, self.runs, self.largest, self.scratch = options.terrane, options.runs, options.largest, Path(scratch)
        self.peer, self.perf, self.only = shutil.which("terraform"), shutil.which("perf"), options.only
        self.counter = "perf" if self.perf else "valgrind" if shutil.which("valgrind") else "time"

    def folder(self, name):
        path = self.scratch / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def beside(self, table, name, arguments, folder, expect=(0,), runs=None):
        """The same command of both programs in the same folder."""
        runs = runs or self.runs
        ours = median(max(runs, 5), self.ours, arguments, folder, expect=expect)
        theirs = median(runs, self.peer, arguments, folder, expect=expect) if self.peer else None
        table.row(name, ours, theirs)

    def init(self, folder):
        if self.peer:
            run(self.peer, ["init", "-input=false"], folder)

    def start(self):
        table = Table("Start of the program", self.peer)
        self.beside(table, "`version`", ["version"], self.folder("start"), runs=max(self.runs, 20))

    def example(self):
        table = Table("The example `examples/polls`: 29 objects", self.peer)
        here = self.scratch / "polls"
        shutil.copytree(ROOT / "examples" / "polls", here, ignore=shutil.ignore_patterns(".terra*", "*.tfstate*"))
        plain = self.folder("polls-plain")
        write(plain, "main.tf", blocks(29))
        self.init(plain)
        other = lambda expect: median(self.runs, self.peer, ["plan", "-detailed-exitcode"], plain, expect=(expect,)) if self.peer else None
        first = ["plan", "--sandbox", "-detailed-exitcode"]
        table.row("first plan; Terraform: of 29 `terraform_data`", median(self.runs, self.ours, first, here, expect=(2,)), other(2))
        table.row("the whole apply (17 virtual minutes)", run(self.ours, ["apply", "--sandbox", "-auto-approve"], here))
        if self.peer:
            run(self.peer, ["apply", "-auto-approve"], plain)
        table.row("plan without changes, all read; Terraform: of 29 `terraform_data`", median(self.runs, self.ours, first, here), other(0))
        table.row("`drift`", median(self.runs, self.ours, ["drift", "--sandbox"], here))
        run(self.ours, ["destroy", "--sandbox", "-auto-approve"], here)

    def blocks(self):
        table = Table("Many blocks", self.peer)
        many, thousand, each, nested = (self.folder(n) for n in ("b10000", "b1000", "f1000", "m100"))
        write(many, "main.tf", blocks(10_000))
        write(thousand, "main.tf", blocks(1_000))
        write(each, "main.tf", for_each(1_000))
        modules(nested, 100, 100)
        for folder in (many, thousand, each, nested):
            self.init(folder)
        self.beside(table, "`validate` of 10,000 blocks", ["validate"], many, runs=1)
        self.beside(table, "`plan` of 1,000 blocks", ["plan"], thousand, runs=min(3, self.runs))
        self.beside(table, "`plan` of one `for_each` of 1,000", ["plan"], each, runs=min(3, self.runs))
        self.beside(table, "`plan` of 100 modules of 100", ["plan"], nested, runs=1)

    def growth(self):
        table = Table("Growth: `plan` of one `for_each`", None)
        count = 1_000
        while count <= self.largest:
            folder = self.folder(f"g{count}")
            write(folder, "main.tf", for_each(count))
            table.row(f"{count:,} instances", median(self.runs if count < 10_000 else 1, self.ours, ["plan"], folder))
            count *= 10

    def state(self):
        table = Table("The state", self.peer)
        thousand, many = self.folder("s1000"), self.folder("s10000")
        write(thousand, "main.tf", independent(1_000))
        write(many, "main.tf", independent(10_000))
        self.init(thousand)
        self.init(many)
        name, arguments = "`apply` of 1,000 `terraform_data`", ["apply", "-auto-approve"]
        ours = median(self.runs, self.ours, arguments, thousand, before=lambda: (thousand / "terraform.tfstate").unlink(missing_ok=True))
        (thousand / "terraform.tfstate").unlink()
        table.row(name, ours, run(self.peer, arguments, thousand) if self.peer else None)
        run(self.ours, ["apply", "-auto-approve"], many)
        self.beside(table, "`plan` of 10,000 independent `terraform_data` without changes", ["plan", "-detailed-exitcode"], many, runs=1)
        self.written()

    def written(self):
        """The bytes that a run writes to its backend, by the number of buckets that it makes; the sandbox serves both."""
        print("\n### Bytes written to a state in a bucket\n\n| buckets made | written | a bucket | requests that write | the state itself |\n|--:|--:|--:|--:|--:|")
        for count in (250, 500, 1_000):
            folder = self.folder(f"w{count}")
            with Served(self.ours, folder) as served:
                write(folder, "main.tf", buckets(count, served.backend))
                run(self.ours, ["apply", "--sandbox", "-auto-approve"], folder)
                size = served.state_size()
                print(f"| {count:,} | {served.bytes / 1e6:,.2f} MB | {served.bytes / count:,.0f} | {served.requests:,} | {size / 1e6:,.2f} MB |", flush=True)

    def refresh(self):
        """A plan without changes of what LIST gives, each answer 50 ms late; beside one GET for each object, ten at a time."""
        folder = self.folder("refresh")
        write(folder, "main.tf", REFRESH)
        run(self.ours, ["apply", "--sandbox", "-auto-approve"], folder)
        print("\n### 1,000 buckets, 100 service accounts, 200 HMAC keys; each answer takes 50 ms\n\n| what | calls | wall | CPU |\n|---|--:|--:|--:|")
        with Served(self.ours, folder) as served:
            at_once = run(self.ours, ["plan", "-refresh=false", "-detailed-exitcode"], folder, environment=served.environment())
            served.ask("/sandbox/fault", {"path": "^/(storage|iam|serviceusage)/", "delay": "50ms", "times": 1000000})
            before = json.loads(served.ask("/sandbox/fault"))["seen"]
            wall, cpu, _ = run(self.ours, ["plan", "-detailed-exitcode"], folder, environment=served.environment())
            calls = json.loads(served.ask("/sandbox/fault"))["seen"] - before - 1
            print(f"| plan without changes | {calls:,} | {wall * 1e3:,.0f} ms | {cpu * 1e3:,.0f} ms |")
            print(f"| the same without reading | 0 | {at_once[0] * 1e3:,.0f} ms | {at_once[1] * 1e3:,.0f} ms |")
            paths = [f"/storage/storage/v1/b/refresh-bench-{number}?projection=noAcl" for number in range(1000)]
            paths += [f"/iam/v1/projects/polls-demo/serviceAccounts/refresh-{number}@polls-demo.iam.gserviceaccount.com" for number in range(100)]
            paths += [paths[number] for number in range(200)]
            begin = perf_counter()
            threads = [threading.Thread(target=served.each, args=(paths[place::10],)) for place in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            print(f"| one GET each, ten at a time, without a plan | {len(paths):,} | {(perf_counter() - begin) * 1e3:,.0f} ms | |", flush=True)

    def drift(self):
        """Ten thousand objects by LIST, beside one GET each."""
        folder = self.folder("drift")
        write(folder, "main.tf", DRIFT)
        run(self.ours, ["apply", "--sandbox", "-auto-approve"], folder)
        print("\n### `drift` of 10,000 buckets\n\n| what | calls | wall | CPU | memory |\n|---|--:|--:|--:|--:|")
        with Served(self.ours, folder) as served:
            before = json.loads(served.ask("/sandbox/fault"))["seen"]
            wall, cpu, memory = run(self.ours, ["drift"], folder, environment=served.environment())
            calls = json.loads(served.ask("/sandbox/fault"))["seen"] - before - 1
            print(f"| `drift`, pages of LIST | {calls:,} | {wall * 1e3:,.0f} ms | {cpu * 1e3:,.0f} ms | {memory / 1e6:,.0f} MB |")
            paths = [f"/storage/storage/v1/b/drift-bench-{number}?projection=noAcl" for number in range(10_000)]
            begin = perf_counter()
            threads = [threading.Thread(target=served.each, args=(paths[place::10],)) for place in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            print(f"| one GET each, ten at a time, without comparing | {len(paths):,} | {(perf_counter() - begin) * 1e3:,.0f} ms | | |", flush=True)

    def work(self, arguments, folder):
        """What a run costs: instructions of user space where `perf` or `valgrind` can count them (nearly the same each time), else nanoseconds of CPU."""
        any_exit = (0, 1, 2, 3)
        if self.counter == "perf":
            counted = self.scratch / "counted"
            run(self.perf, ["stat", "-x,", "-e", "instructions:u", "-o", str(counted), self.ours, *arguments], folder, expect=any_exit)
            found = [line.split(",")[0] for line in counted.read_text().splitlines() if "instructions" in line]
            if found and found[0].isdigit():
                return int(found[0])
            # A virtual machine may not let its guests count.
            self.counter = "valgrind" if shutil.which("valgrind") else "time"
        if self.counter == "valgrind":
            counted = self.scratch / "counted"
            options = ["--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={counted}", "--log-file=/dev/null"]
            run(shutil.which("valgrind"), [*options, self.ours, *arguments], folder, expect=any_exit)
            return int(next(line.split()[1] for line in counted.read_text().splitlines() if line.startswith("summary:")))
        return int(min(run(self.ours, arguments, folder, expect=any_exit)[1] for _ in range(3)) * 1e9)

    def doubling(self):
        """The work of three sizes of each shape; what the last doubling added, by what the first one added: 2 is linear, 4 quadratic."""
        print("\n### Doubling\n\n| what grows | from | millions of instructions | twice as many | four times | factor |\n|---|--:|--:|--:|--:|--:|")
        for number, (name, least, make, arguments) in enumerate(SHAPES):
            if self.only and self.only not in name:
                continue
            work = []
            for times in (1, 2, 4):
                folder = self.folder(f"shape-{number}-{times}")
                make(folder, least * times)
                work.append(self.work(arguments, folder))
                shutil.rmtree(folder)
            factor = (work[2] - work[1]) / max(work[1] - work[0], 1)
            mark = " **more than linear**" if factor > 2.5 else ""
            print(f"| {name} | {least:,} | " + " | ".join(f"{figure / 1e6:,.0f}" for figure in work) + f" | {factor:.1f}{mark} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--terrane", default=str(ROOT / "target" / "release" / "terrane"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--only", metavar="TEXT", help="of the section `doubling` only the shapes with this text in their name")
    parser.add_argument("sections", nargs="*", default=["start", "example", "blocks", "growth", "state", "refresh", "drift"])
    options = parser.parse_args()
    options.terrane = str(Path(options.terrane).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        measure = Measure(options, scratch)
        if not measure.peer:
            print("`terraform` is not on the PATH: Terrane alone is measured.", file=sys.stderr)
        for section in options.sections:
            getattr(measure, section)()


if __name__ == "__main__":
    main()
