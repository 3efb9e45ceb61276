"""What further.py does not write: modules in modules with keys, moves between modules and out of them, `removed` and checks inside,
imports into modules, provisioners of what goes, providers that are passed on, and data sources that wait.
"""

import configurations
from configurations import Module, R, block, chance, pick

KEYS = ['toset(["x", "y"])', '{ x = 1, y = "two" }', 'toset(["x"])', 'toset(["y", "z"])', "var.map"]
COUNTS = ["2", "1", "0", "3", "length(var.map)"]


def repeated():
    at = R.random()
    return {"for_each": pick(KEYS)} if at < 0.5 else {"count": pick(COUNTS)} if at < 0.75 else {}


def each(repeat):
    return pick(["each.key", '"k-${each.key}"', "each.value"]) if "for_each" in repeat else pick(["count.index", '"n${count.index}"']) if repeat else pick(['"one"', "var.map"])


def leaf(depth):
    """Makes a module of a module: resources with keys from what it is given."""
    module = Module(depth)
    module.variables = {"map": ("map(string)", '{ x = "1" }', {}), "name": ("any", '"leaf"', {}), "s": ("string", '"ls"', {}), "n": ("number", "1", {})}
    for name in ["one", "two"][: R.randint(1, 2)]:
        of = repeated()
        module.resources[name] = {"repeat": of, "arguments": {"input": each(of) if chance(0.7) else "var.name"}, "lifecycle": {}}
        if chance(0.15):
            module.resources[name]["lifecycle"] = {"postcondition": {"condition": pick(["self.id != null", 'self.input != "k-y"']), "error_message": '"Odd ${self.id}."'}}
        if chance(0.15):
            module.resources[name]["more"] = {'provisioner "local-exec"': {"command": pick(['"echo gone ${self.id}"', '"exit 0"']), "when": "destroy"}}
        if chance(0.12):
            module.resources[name]["lifecycle"]["create_before_destroy"] = "true"
    module.outputs = {"all": {"value": pick(["terraform_data.one", "[terraform_data.one]", 'try(terraform_data.one[*].id, "none")'])}, "name": {"value": "var.name"}}
    if chance(0.25):
        own = pick(["terraform_data.one != null", 'var.name != "k-x"', "length(var.map) > 5"])
        module.checks["held"] = [{"condition": own, "error_message": '"Not held by ${jsonencode(var.name)}."'}]
    if chance(0.2):
        module.data["far"] = {"backend": '"local"', "config": '{ path = "other.tfstate" }', **({"depends_on": "[terraform_data.one]"} if chance(0.4) else {})}
        module.outputs["far"] = {"value": "data.terraform_remote_state.far.outputs.x"}
    return module


def branch():
    """Makes a module that calls leaves."""
    module = Module(1)
    module.variables = {"map": ("map(string)", '{ x = "1" }', {}), "name": ("any", '"branch"', {}), "s": ("string", '"bs"', {}), "n": ("number", "2", {})}
    for name in ["leaf", "twig"][: R.randint(1, 2)]:
        of = repeated()
        arguments = {"name": each(of), **({"map": pick(["var.map", '{ y = "2" }', "{}"])} if chance(0.5) else {})}
        module.calls[name] = {"repeat": of, "arguments": arguments, "module": leaf(2)}
    of = repeated()
    module.resources["own"] = {"repeat": of, "arguments": {"input": pick(["var.name", "module.leaf", each(of)])}, "lifecycle": {}}
    module.outputs = {"own": {"value": "terraform_data.own"}, "leaf": {"value": pick(["module.leaf", "{ l = module.leaf }"])}}
    return module


def more(module):
    """Adds to a root module."""
    module.variables["map"] = ("map(string)", pick(['{ x = "1", y = "2" }', '{ y = "b" }', "{}"]), {})
    for name in ["b", "d"][: R.randint(1, 2)]:
        of = repeated()
        arguments = {"name": each(of), **({"map": pick(["var.map", '{ x = "q", z = "r" }'])} if chance(0.6) else {})}
        if chance(0.15) and module.resources:
            arguments["depends_on"] = f"[terraform_data.{pick(module.resources)}]"
        module.calls[name] = {"repeat": of, "arguments": arguments, "module": branch()}
        if chance(0.6):
            module.outputs[f"of_{name}"] = {"value": pick([f"module.{name}", f"try(module.{name}.own, null)", f"try([for m in module.{name} : m.leaf], [])"])}
    if chance(0.3):
        module.resources["top"] = {"repeat": {}, "arguments": {"input": "module.b", **({"triggers_replace": "module.b"} if chance(0.5) else {})}, "lifecycle": {}}


def places(module, path=""):
    """Gives addresses of resources and modules, with keys that may be there."""
    for name, of in module.resources.items():
        yield path + f"terraform_data.{name}" + key(of["repeat"])
    for name, of in module.calls.items():
        inner = path + f"module.{name}" + key(of["repeat"])
        yield inner
        yield from places(of["module"], inner + ".")


def key(repeat):
    return pick(['["x"]', '["y"]', ""]) if "for_each" in repeat else pick(["[0]", "[1]", ""]) if repeat else ""


def resources(module):
    return [place for place in places(module) if place.split(".")[-2:][0] == "terraform_data"]


def modules(module):
    return [place for place in places(module) if place.split(".")[-2:][0] == "module"]


def any_child(module):
    of = pick(module.calls.values())["module"] if module.calls else module
    return pick(of.calls.values())["module"] if of.calls and chance(0.6) else of


def without_keys(place):
    return configurations.re.sub(r"\[[^\]]*\]", "", place)


def change(module):
    """Edits what `more` added."""
    for _ in range(R.randint(1, 3)):
        at, child = R.random(), any_child(module)
        if at < 0.14:
            child.calls = {name: {**of, "repeat": repeated(), "arguments": {"name": '"again"'}} for name, of in child.calls.items()}
        elif at < 0.26 and child.resources:
            of = child.resources[pick(child.resources)]
            of["repeat"] = repeated()
            of["arguments"] = {"input": each(of["repeat"])}
        elif at < 0.40:
            start, end = pick(resources(module)), pick(resources(module))
            if start != end:
                configurations.moved(module, start, end)
        elif at < 0.48:
            start, end = pick(modules(module)), pick([*modules(module), "module.none"])
            if start != end:
                configurations.moved(module, start, end)
        elif at < 0.58 and len(child.resources) > 1:
            gone = pick(child.resources)
            if gone != "one" and not child.uses(f"terraform_data.{gone}"):
                del child.resources[gone]
                if chance(0.7):
                    life = {"from": f"terraform_data.{gone}", "lifecycle": {"destroy": pick(["true", "false"])}}
                    if chance(0.3):
                        life['provisioner "local-exec"'] = {"when": "destroy", "command": pick(['"echo left ${self.id}"', '"true"'])}
                    child.blocks.append(block("removed", life))
        elif at < 0.66:
            gone = pick(["b", "d"])
            if gone in module.calls and not module.uses(f"module.{gone}"):
                del module.calls[gone]
                if chance(0.6):
                    configurations.removed(module, pick([f"module.{gone}", f"module.{gone}.terraform_data.own", f"module.{gone}.module.leaf"]))
                if not module.calls:
                    return
        elif at < 0.76:
            place = pick(resources(module))
            if chance(0.5):
                module.blocks.append(block("import", {"to": place, "id": '"taken"'}))
            else:
                keyed = configurations.re.sub(r'\["[xy]"\]', "[each.key]", place, count=1)
                module.blocks.append(block("import", {"for_each": pick(['{ x = "i1" }', 'toset(["x", "y"])', "var.map"]), "to": keyed, "id": "each.value"}))
        elif at < 0.84:
            module.variables["map"] = ("map(string)", pick(['{ x = "1", y = "2" }', '{ y = "b", z = "c" }', '{ x = "other" }']), {})
        elif at < 0.92 and child.calls:
            name = pick(child.calls)
            child.calls = {(f"{name}2" if other == name else other): of for other, of in child.calls.items()}
            child.replace(f"module.{name}", f"module.{name}2")
            if chance(0.8):
                configurations.moved(child, f"module.{name}", f"module.{name}2")
        else:
            child.checks["late"] = [{"condition": pick(["var.n > 5", 'var.s == "ls"', "length(var.map) > 0"]), "error_message": '"Late."'}]
