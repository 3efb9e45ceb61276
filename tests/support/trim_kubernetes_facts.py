#!/usr/bin/env python3
"""Writes tests/facts/kubernetes.json of our facts about the Kubernetes provider.

Usage: trim_kubernetes_facts.py SCHEMA_JSON EXAMPLES_FOLDER OUT_FILE

The facts were extracted mechanically from the schemas of terraform-provider-kubernetes 3.2.1: names and flags only. Of each
resource type that the examples use, the output has every attribute by its path, with its flags (R required, O optional,
C computed, F a change replaces, S sensitive, W write-only), nested blocks written out.
"""

import json
import pathlib
import re
import sys


def walk(attributes, blocks, prefix, found):
    for name, fact in attributes.items():
        path = prefix + name
        found[path] = fact["f"]
        block = fact.get("block")
        if isinstance(block, str):
            block = blocks[block.lstrip("$")]
        if block:
            walk(block, blocks, path + ".", found)


def main():
    schema, examples, target = sys.argv[1:4]
    facts = json.load(open(schema, encoding="utf-8"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in pathlib.Path(examples).rglob("*.tf"))
    out = {}
    for name in sorted(set(re.findall(r'resource "(kubernetes_\w+)"', text))):
        found = {}
        if facts["aliases"].get(name, name) not in facts["resources"]:
            # Its schema is the kind's own (kubernetes_manifest).
            continue
        walk(facts["resources"][facts["aliases"].get(name, name)]["attributes"], facts["blocks"], "", found)
        out[name] = dict(sorted(found.items()))
    lines = [f'"{name}": {json.dumps(found)}' for name, found in out.items()]
    pathlib.Path(target).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


main()
