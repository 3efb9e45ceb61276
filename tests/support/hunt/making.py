"""Puts cases of whole configurations together for hunt.py: files, the state before, the options of the plan and the environment."""

import copy
import json

import configurations
import further
import nested
from configurations import R, chance, pick

OTHER = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "resources": [], "check_results": None}


def kept(state):
    """Gives the addresses of a state."""
    for of in state["resources"] if state else []:
        for instance in of["instances"] if of["mode"] == "managed" else []:
            key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            yield (of["module"] + "." if "module" in of else "") + f"{of['type']}.{of['name']}{key}"


def options(module, state):
    """Gives the options of a plan."""
    at, there = R.random(), list(kept(state))
    blocks = [f"terraform_data.{name}" for name in module.resources] + [f"module.{name}" for name in module.calls]
    address = pick(there) if there and chance(0.6) else pick(blocks or ["terraform_data.a"])
    if at < 0.5:
        return []
    if at < 0.58:
        return ["-destroy"]
    if at < 0.64:
        return ["-refresh-only"]
    if at < 0.67:
        return ["-refresh=false"]
    if at < 0.80:
        return [f"-target={address}"] + ([f"-target={pick(there)}"] if there and chance(0.3) else [])
    if at < 0.90 and there:
        return [f"-replace={pick(there)}"]
    if at < 0.95:
        return ["-destroy", f"-target={address}"]
    if at < 0.96:
        return [f"-target={address}", *pick([["-refresh=false"], ["-refresh-only"], [f"-replace={address}"]])]
    return ["-destroy", "-refresh=false"] if at < 0.98 else ["-var", pick(["n=3", "s=cli", "n=1"])]


def make(seed, applied):
    """Makes one: its files, the options of the plan, the state before it, which `applied` gives for files, and the environment."""
    R.seed(seed)
    first, state = configurations.world(), None
    structured, deep = chance(0.6), chance(0.35)
    if structured:
        further.more(first)
    if deep:
        nested.more(first)
    other = lambda ty, of: json.dumps({**OTHER, "outputs": {"x": {"value": of, "type": ty}}})
    if chance(0.75):
        state = applied({**first.text(), "other.tfstate": other("number", 2)})
        for instance in [one for of in (state or {}).get("resources", []) if of["mode"] == "managed" for one in of["instances"]]:
            if chance(0.04):
                instance["status"] = "tainted"
    then, edited = copy.deepcopy(first), state and chance(0.85)
    if edited and not ((structured or deep) and chance(0.5)):
        configurations.edit(then)
    if edited and structured:
        further.change(then)
    if edited and deep and then.calls:
        nested.change(then)
    files = {**then.text(), "other.tfstate": pick([other("number", 2), other("string", "q")])}
    asked = options(then, state)
    return files, asked, state, further.given(then, files, asked) if structured and chance(0.5) else {}
