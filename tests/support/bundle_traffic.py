#!/usr/bin/env python3
"""Bundles recorded HTTP traffic of Google Cloud for tests/google/traffic.rs.

Usage: bundle_traffic.py FOLDER_OF_LOGS OUT_FOLDER

Input: logs of the public k8s-config-connector project (Apache-2.0, Copyright Google LLC), recorded against the real services:
<service>/<kind>/<fixture>.real.log. Output: a file a service, SERVICE.json.gz: the logs by their names, each a list of
{method, url, request?, status, response?}, without headers, polls of operations and reads that say the same again.
"""

import gzip
import json
import pathlib
import re
import sys

SERVICES = ("artifactregistry bigtable compute container dns firestore iam kms pubsub redis secretmanager serviceusage sql storage").split()


def exchanges(text):
    for block in text.split("\n---\n"):
        block = block.strip("\n")
        status = re.search(r"(?m)^(\d{3}) .*$", block)
        if not status or not re.match(r"[A-Z]+ https://", block):
            continue
        sides = block[:status.start()], block[status.start():]
        bodies = [side.split("\n\n", 1)[1].strip() if "\n\n" in side else "" for side in sides]
        method, url = block.split("\n")[0].split(" ", 1)
        entry = {"method": method, "url": url}
        try:
            if bodies[0]:
                entry["request"] = json.loads(bodies[0])
            entry["status"] = int(status.group(1))
            if bodies[1]:
                entry["response"] = json.loads(bodies[1])
        except ValueError:
            continue
        yield entry


def of_log(text):
    kept, last = [], None
    for entry in exchanges(text):
        same = (entry["method"], entry["url"], json.dumps(entry.get("response"), sort_keys=True))
        if "operations/" in entry["url"] or entry["method"] == "GET" and same == last:
            continue
        kept.append(entry)
        last = same
    return kept


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    for service in SERVICES:
        logs = {str(path.relative_to(source)): of_log(path.read_text(encoding="utf-8"))
                for path in sorted((source / service).glob("*/*.real.log"))}
        text = json.dumps(logs, sort_keys=True, separators=(",", ":"))
        (target / f"{service}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        print(service, len(logs), sum(map(len, logs.values())))


main()
