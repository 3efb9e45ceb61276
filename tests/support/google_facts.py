#!/usr/bin/env python3
"""Our facts about Google's resource types, brought into the forms that the project uses.

Usage: google_facts.py facts FACTS_FOLDER TYPE...      writes tests/facts/google/TYPE.json
       google_facts.py skeleton FACTS_FOLDER TYPE      prints the attributes as a resource file has them, to be finished by hand

TYPE is a file of the folder without its end: google_pubsub_topic, data.google_project. The facts were gathered in our own words from
schemas and API descriptions: names, flags and places, no prose.
"""

import json
import pathlib
import sys

import yaml

FLAGS = ("force_new", "default", "enum", "sensitive", "write_only")


def attributes_of(folder, name):
    return yaml.safe_load((pathlib.Path(folder) / f"{name}.yaml").read_text(encoding="utf-8"))


def walk(attributes, prefix, found):
    for fact in attributes:
        path = prefix + fact["name"]
        row = {"type": fact["type"], "mode": fact["mode"]}
        row.update({flag: fact[flag] for flag in FLAGS if fact.get(flag) is not None and fact[flag] is not False})
        if fact.get("default") is False:
            row["default"] = False
        found[path] = row
        walk(fact.get("attributes") or [], path + ".", found)


def write_facts(folder, name):
    facts = attributes_of(folder, name)
    found = {}
    walk(facts["attributes"], "", found)
    rows = ",\n".join(f"  {json.dumps(path)}: {json.dumps(row)}" for path, row in found.items())
    text = f'{{"schema_version": {facts.get("schema_version", 0)}, "attributes": {{\n{rows}\n}}}}\n'
    pathlib.Path(f"tests/facts/google/{name}.json").write_text(text, encoding="utf-8")


def literal(value):
    return json.dumps(value, ensure_ascii=False)


def hcl_type(name):
    return name.replace("<", "(").replace(">", ")")


def line(fact, place):
    words = [f"type = {hcl_type(fact['type'])}"]
    mode = fact["mode"]
    words += {"required": ["required = true"], "optional": ["optional = true"], "computed": ["computed = true"],
              "optional+computed": ["optional = true", "computed = true"]}[mode]
    if fact.get("force_new"):
        words.append("replaces = true")
    if "default" in fact:
        words.append(f"default = {literal(fact['default'])}")
    words += [f"{flag} = true" for flag in ("sensitive", "write_only") if fact.get(flag)]
    if fact.get("enum"):
        words.append(f"one_of = {literal(fact['enum'])}")
    for word in ("regex", "length", "conflicts_with", "required_with", "deprecated"):
        if fact.get(word):
            words.append(f"{word} = {literal(fact[word])}")
    if place:
        words.append(f'api = "{place}"')
    if fact.get("ignore_read"):
        words.append("keep = true")
    rest = {word: fact[word] for word in
            ("suppress", "normalize", "custom_codec", "update", "range", "min", "validate", "send_empty", "url_param", "exactly_one_of",
             "at_least_one_of", "api_read", "api_write", "api_request", "api_type", "ref", "set_hash", "note") if word in fact}
    if rest.get("api_type") == "string(int64)":
        words.append('wire = "text"')
    rest.pop("api_type", None)
    comment = f"  # {json.dumps(rest, ensure_ascii=False)}" if rest else ""
    return f"{{ {', '.join(words)} }}{comment}"


def relative(api, outer):
    if not api:
        return None
    return api[len(outer) + 1:] if outer and api.startswith(outer + ".") else api


def skeleton(attributes, outer, indent):
    plain = [fact for fact in attributes if not fact["type"].startswith("block")]
    wide = max((len(fact["name"]) for fact in plain), default=0)
    if plain:
        print(f"{indent}attributes = {{")
        for fact in plain:
            print(f"{indent}  {fact['name']:<{wide}} = {line(fact, relative(fact.get('api'), outer))}")
        print(f"{indent}}}")
    for fact in attributes:
        if not fact["type"].startswith("block"):
            continue
        print(f'\n{indent}block "{fact["name"]}" {{  # {fact["type"]}'
              + "".join(f"; {word}: {json.dumps(fact[word])}" for word in ("exactly_one_of", "update", "set_hash", "note") if word in fact))
        mode = fact["mode"]
        for word in ("required", "optional", "computed"):
            if word in mode:
                print(f"{indent}  {word} = true")
        if fact.get("force_new"):
            print(f"{indent}  replaces = true")
        for word in ("max_items", "min_items"):
            if fact.get(word):
                print(f"{indent}  {word} = {fact[word]}")
        place = relative(fact.get("api"), outer)
        if place:
            print(f'{indent}  api = "{place}"')
        skeleton(fact.get("attributes") or [], fact.get("api") or outer, indent + "  ")
        print(f"{indent}}}")


def main():
    mode, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    for name in names:
        if mode == "facts":
            write_facts(folder, name)
        else:
            skeleton(attributes_of(folder, name)["attributes"], "", "  ")


if __name__ == "__main__":
    main()
