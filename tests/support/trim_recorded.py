#!/usr/bin/env python3
"""Trims recorded HTTP traffic of Google Cloud to what the sandbox is compared with.

Usage: trim_recorded.py FOLDER_OF_LOGS OUT_FOLDER

Input: logs of the public k8s-config-connector project (Apache-2.0, Copyright Google LLC), recorded against the
real services. Output: one JSON file a log, a list of {method, url, request?, status, response?}, without headers, polls
of operations and repeated reads, with the recorder's placeholders replaced by fixed values.
"""

import json
import re
import sys

LOGS = {
    "cluster": "container/script/clusters-crud.real.log",
    "cluster-small": "container/containercluster/containercluster-minimal.real.log",
    "node-pool": "container/containernodepool/containernodepool.real.log",
    "bucket": "storage/storagebucket/storagebucketbasic.real.log",
    "bucket-autoclass": "storage/storagebucket/storagebucketautoclass.real.log",
    "service-account": "iam/iamserviceaccount/iamserviceaccount-full.real.log",
    "service-account-key": "iam/iamserviceaccountkey/iamserviceaccountkey.real.log",
    "repository": "artifactregistry/script/repository-crud.real.log",
    "firewall": "compute/computefirewall/computefirewall.old_controller.real.log",
    "subnetwork": "compute/computesubnetwork/computesubnetwork.real.log",
    "service": "serviceusage/script/service-crud.real.log",
}
COMPUTE = ["firewall", "subnetwork"]
VALUES = {"projectId": "polls-demo", "projectNumber": "123456789012", "uniqueId": "abc123", "networkID": "net", "subnetworkID": "part",
          "firewallID": "rule"}


def exchanges(text):
    for block in text.split("\n---\n"):
        block = block.strip("\n")
        status = re.search(r"(?m)^(\d{3}) .*$", block)
        if not status:
            continue
        sides = block[:status.start()], block[status.start():]
        bodies = [side.split("\n\n", 1)[1].strip() if "\n\n" in side else "" for side in sides]
        method, url = block.split("\n")[0].split(" ", 1)
        entry = {"method": method, "url": re.sub(r"^https://[^/]+", "", url)}
        if bodies[0]:
            entry["request"] = json.loads(bodies[0])
        entry["status"] = int(status.group(1))
        if bodies[1]:
            entry["response"] = json.loads(bodies[1])
        yield entry


def wanted(entry, last, name):
    beside = entry["url"].startswith("/compute/") and name not in COMPUTE or name == "firewall" and "/networks/" in entry["url"]
    if "/operations/" in entry["url"] or beside:
        return False
    return entry["method"] != "GET" or (entry["method"], entry["url"]) != last


def main():
    source, target = sys.argv[1:3]
    for name, log in LOGS.items():
        with open(f"{source}/{log}", encoding="utf-8") as file:
            text = file.read()
        text = text.replace("${networkID}", "default") if name == "firewall" else text
        text = re.sub(r"\$\{(\w+)\}", lambda m: VALUES.get(m.group(1), m.group(1)), text)
        text = text.replace("/v1beta1/", "/v1/")
        out, last = [], None
        for entry in exchanges(text):
            if wanted(entry, last, name):
                out.append(entry)
                last = (entry["method"], entry["url"])
        with open(f"{target}/{name}.json", "w", encoding="utf-8") as file:
            json.dump(out, file, indent=1, sort_keys=True)
            file.write("\n")
        print(name, len(out))


main()
