"""Random configurations for hunt.py: what is applied first, and how it is edited then.

Each has resources of the built-in provider with `count`, `for_each`, lifecycles, modules in modules, outputs and checks; the edits
rename, move, remove, import and change them. Most are sound; some mistakes are wanted too.
"""

import json
import random
import re

R = random.Random()
VALUES = """"a" | "b" | 1 | 2.5 | true | null | ["a", "b"] | { k = "v", n = 1 } | [{ a = 1 }, { a = 2 }] | [] | {} | "several\\nlines"
toset(["x", "y"]) | tomap({ k = "w" }) | { deep = { l = [1, "x"], z = null } } | jsonencode({ a = [1, 2] }) | sensitive("s") | 1e21 | 1/3
tolist(["a", "c"]) | merge({ a = 1 }, { b = "x" }) | zipmap(["a", "b"], [1, 2]) | try(var.s.x, "none") | { s = sensitive("q"), t = 2 }
[for x in ["a", "b"] : upper(x) if x != "b"] | { for k, v in { a = 1, b = 2 } : k => v + 1 } | sensitive({ a = 1 }) | "${var.s}-x"
path.module | terraform.workspace | "long text ${var.s}" | formatlist("%s-x", ["a", "b"])"""
VALUES = [value.strip() for value in re.split(r" \| |\n", VALUES)]
AROUND = ["[%s, \"z\"]", "{ k = %s, z = 1 }", "jsonencode(%s)", "[for q in [%s] : q]", "try(%s, \"no\")", "flatten([%s, [\"q\"]])"]
AROUND += ["var.n > 1 ? %s : %s", "sensitive(%s)", "{ (var.s) = %s }", "tolist([%s])", "can(%s)", "length([%s])", "coalesce(null, %s)"]
VARIABLES = {
    "l": ("list(string)", '["p", "q"]', {}),
    "m": ("map(string)", '{ one = "1", two = "2" }', {}),
    "sec": ("string", '"hush"', {"sensitive": "true"}),
    "o": ("object({ a = string, b = optional(number, 3), c = optional(list(string)) })", '{ a = "x" }', {}),
    "nn": ("string", '"d"', {"nullable": "false"}),
}
IGNORED = ["[input]", "all", "[triggers_replace]", "[input, triggers_replace]", "[input.k]", "[input[0]]"]


def pick(choices):
    return R.choice(list(choices))


def chance(part):
    return R.random() < part


class Module:
    """A module: what its text is made from."""

    def __init__(self, depth):
        self.depth, self.blocks = depth, []
        self.variables = {"s": ("string", '"sv"' if depth == 0 else '"child"', {}), "n": ("number", pick("12"), {})}
        self.locals, self.resources, self.calls, self.outputs, self.checks, self.data = {}, {}, {}, {}, {}, {}

    def text(self):
        """Gives all files, by name."""
        out = ""
        for name, (ty, default, more) in self.variables.items():
            lines = {"type": ty, **({"default": default} if default else {}), **more}
            out += block(f'variable "{name}"', lines)
        if self.locals:
            out += block("locals", self.locals)
        for name, lines in self.data.items():
            out += block(f'data "terraform_remote_state" "{name}"', lines)
        for name, of in self.resources.items():
            out += block(f'resource "terraform_data" "{name}"', {**of["repeat"], **of["arguments"], "lifecycle": of["lifecycle"], **of.get("more", {})})
        files = {}
        for name, of in self.calls.items():
            out += block(f'module "{name}"', {"source": f'"./of_{name}"', **of["repeat"], **of["arguments"]})
            files.update({f"of_{name}/{file}": text for file, text in of["module"].text().items()})
        for name, lines in self.outputs.items():
            out += block(f'output "{name}"', lines)
        for name, conditions in self.checks.items():
            out += block(f'check "{name}"', {"assert": conditions})
        return {"main.tf": out + "".join(self.blocks), **files}

    def replace(self, old, new):
        """Puts one reference in the place of another."""
        whole = re.compile(r"(?<![\w.])" + re.escape(old) + r"(?!\w)")

        def walk(of):
            if isinstance(of, str):
                return whole.sub(lambda _: new, of)
            if isinstance(of, dict):
                return {name: walk(part) for name, part in of.items()}
            return [walk(part) for part in of] if isinstance(of, list) else of

        for part in ("locals", "resources", "calls", "outputs", "checks"):
            setattr(self, part, walk(getattr(self, part)))

    def uses(self, reference):
        return reference in json.dumps([self.locals, self.resources, self.outputs, self.checks, self.calls], default=lambda _: "")


def block(head, lines):
    """Writes a block; a dictionary inside is a block, a list several of them."""
    out = head + " {\n"
    for name, value in lines.items():
        if isinstance(value, str):
            out += f"  {name} = {value}\n"
        for inner in [value] if isinstance(value, dict) else value if isinstance(value, list) else []:
            out += "  " + block(name, inner).replace("\n", "\n  ").rstrip(" ") if inner else ""
    return out + "}\n"


def references(module, before=None):
    """Gives what an expression can refer to: of resources only those before a name, so that there is no circle."""
    found = []
    for name, of in module.resources.items():
        if before is None or name < before:
            base = f"terraform_data.{name}"
            if "count" in of["repeat"]:
                found += [f"{base}[*].id", f"{base}[*].output", f"length({base})", base, f"try({base}[0].output, null)"]
            elif of["repeat"]:
                found += [f"[for k, v in {base} : v.output]", f"values({base})[*].id", f"keys({base})", base]
            else:
                found += [f"{base}.output", f"{base}.id", f"{base}.input", base]
    for name, of in module.calls.items() if before is None else []:
        base = f"module.{name}"
        if "count" in of["repeat"]:
            found += [f"{base}[*].out", base]
        else:
            found += [f"{{ for k, v in {base} : k => v.out }}", base] if of["repeat"] else [f"{base}.out", f"{base}.id", base]
    return found + [f"data.terraform_remote_state.{name}.outputs.x" for name in module.data]


def value(module, before=None):
    found, at = references(module, before), R.random()
    if found and at < 0.34:
        return pick(found)
    if found and at < 0.42:
        return pick(AROUND).replace("%s", pick(found))
    if at < 0.60:
        return "var." + pick(module.variables)
    if module.locals and at < 0.68:
        return "local." + pick(module.locals)
    return pick(VALUES)


def repeat(module):
    at = R.random()
    if at < 0.58:
        return {}
    if at < 0.76:
        return {"count": pick(["2", "1", "3", "0", "var.n", "var.n > 1 ? 1 : 0"])}
    sets = ['toset(["x", "y"])', '{ x = 1, y = "two" }', 'toset(["x"])', '{ for k in ["x", "z"] : k => upper(k) }', "{ x = { a = 1 } }"]
    return {"for_each": pick(sets + ["var.m"] * ("m" in module.variables))}


def lifecycle(module, name):
    out, others = {}, [other for other in module.resources if other < name]
    if chance(0.18):
        out["create_before_destroy"] = pick(["true", "true", "false"])
    if chance(0.08):
        out["ignore_changes"] = pick(IGNORED)
    if chance(0.03):
        out["prevent_destroy"] = pick(["true", "false"])
    if others and chance(0.15):
        other = pick(others)
        of = module.resources[other]["repeat"]
        key = "[0]" if "count" in of else '["x"]' if of else ""
        out["replace_triggered_by"] = f"[terraform_data.{other}{pick(['', key, key + '.input'] if of else ['', '.output', '.id'])}]"
    if chance(0.1):
        conditions = ["var.n >= 1", "length(var.s) > 0", "var.n == 2"] + [f"terraform_data.{other} != null" for other in others]
        out["precondition"] = {"condition": pick(conditions), "error_message": pick(['"Before ${var.s}."', '"Before."'])}
    if chance(0.1):
        conditions = ['self.id != ""', "self.output == self.input", 'self.input != "zz"', "self.id == self.id"]
        out["postcondition"] = {"condition": pick(conditions), "error_message": pick(['"After."', '"After ${self.id}."'])}
    return out


def add_resource(module, name):
    of = {"repeat": repeat(module), "arguments": {}, "lifecycle": {}}
    given = value(module, name)
    if of["repeat"] and chance(0.5):
        given = pick(["count.index", '"i-${count.index}"'] if "count" in of["repeat"] else ["each.key", "each.value", "[each.key, each.value]"])
    if chance(0.94):
        of["arguments"]["input"] = given
    if chance(0.3):
        of["arguments"]["triggers_replace"] = value(module, name)
    others = [other for other in module.resources if other < name]
    if others and chance(0.12):
        of["arguments"]["depends_on"] = f"[terraform_data.{pick(others)}]"
    of["lifecycle"] = lifecycle(module, name)
    module.resources[name] = of


def add_call(module, name):
    child = Module(module.depth + 1)
    child.variables["x"] = ("any", None, {"sensitive": "true"} if chance(0.15) else {})
    for own in ["a", "e"][: R.randint(1, 2)]:
        add_resource(child, own)
    given = pick(["var.x", '[var.x, "w"]', '"${var.s}-x"'])
    child.resources["in"] = {"repeat": {}, "arguments": {"input": given}, "lifecycle": lifecycle(child, "in")}
    shown = pick(["terraform_data.in.output", "terraform_data.in.input", "var.x", "terraform_data.in.id"])
    child.outputs = {"out": {"value": shown, **child.variables["x"][2]}, "id": {"value": "terraform_data.in.id"}}
    if chance(0.15):
        child.checks["c"] = conditions(child)
    if child.depth < 2 and chance(0.25):
        add_call(child, "n")
    arguments = {"x": value(module), **({"s": pick(['"given"', "var.s", "null"])} if chance(0.3) else {})}
    if module.resources and chance(0.12):
        arguments["depends_on"] = f"[terraform_data.{pick(module.resources)}]"
    module.calls[name] = {"repeat": repeat(module), "arguments": arguments, "module": child}


def add_output(module, name):
    out = {"value": value(module)}
    if "sensitive(" in out["value"] or "var.sec" in out["value"] or chance(0.2):
        out["sensitive"] = "true"
    if chance(0.12):
        out["precondition"] = {"condition": pick(["var.n >= 1", "var.n < 9", "length(var.s) >= 0"]), "error_message": '"Out ${var.s}."'}
    if module.resources and chance(0.1):
        out["depends_on"] = f"[terraform_data.{pick(module.resources)}]"
    module.outputs[name] = out


def conditions(module):
    found = pick(references(module))
    held = ["var.n > 5", 'var.s == "sv"', f"length([{found}]) > 0", "false", f'{found} == "a"', "var.n > 0"]
    return [{"condition": pick(held), "error_message": pick(['"Checked."', '"Checked ${var.s}."'])} for _ in range(R.randint(1, 2))]


def world():
    """Makes a root module."""
    module = Module(0)
    module.variables.update({name: of for name, of in VARIABLES.items() if chance(0.35)})
    if chance(0.2):
        rule = {"condition": pick(['var.v != "bad"', "length(var.v) > 2", "var.n > 1"]), "error_message": '"Value ${var.v}."'}
        module.variables["v"] = ("string", '"good"', {"validation": rule})
    for at in range(R.randint(0, 2)):
        module.locals[f"l{at}"] = value(module)
    if chance(0.12):
        module.data["r"] = {"backend": '"local"', "config": '{ path = "other.tfstate" }'}
    for name in "abcd"[: R.randint(1, 4)]:
        add_resource(module, name)
    for name in ["m"] * chance(0.45) + ["k"] * chance(0.15):
        add_call(module, name)
    for at in range(R.randint(0, 3)):
        add_output(module, f"o{at}")
    if chance(0.25):
        module.checks["c"] = conditions(module)
    return module


def moved(module, old, new):
    module.blocks.append(block("moved", {"from": old, "to": new}))


def removed(module, address):
    module.blocks.append(block("removed", {"from": address, "lifecycle": {"destroy": pick(["true", "false"])}}))


def edit(module):
    """Changes a module here and there."""
    for _ in range(R.randint(1, 3)):
        names = [name for name in module.resources if name != "in"]
        if not names:
            add_resource(module, "a")
            continue
        edit_once(module, pick(names))
    return module


def edit_once(module, name):
    of, at, own = module.resources[name], R.random(), f"terraform_data.{name}"
    call = pick(module.calls) if module.calls else None
    if at < 0.24:
        of["arguments"]["input" if at < 0.16 else "triggers_replace"] = value(module, name)
    elif at < 0.34 and name + "2" not in module.resources:
        module.resources = {(name + "2" if other == name else other): of for other, of in module.resources.items()}
        module.replace(own, own + "2")
        if chance(0.85):
            moved(module, own, own + "2")
    elif at < 0.42:
        del module.resources[name]
        for end in ("[*].id", "[*].output", ".output", ".id", ".input", "[0].output", ""):
            module.replace(own + end, '["gone"]' if "*" in end else '"gone"' if end else "{ gone = {} }")
        for other in module.resources.values():
            other["lifecycle"] = {key: part for key, part in other["lifecycle"].items() if "gone" not in str(part)}
        for other in [*module.resources.values(), *module.calls.values()]:
            other["arguments"] = {key: part for key, part in other["arguments"].items() if key != "depends_on" or "gone" not in part}
        module.outputs = {key: {**part, "depends_on": None} if "gone" in str(part.get("depends_on")) else part for key, part in module.outputs.items()}
        if chance(0.45):
            removed(module, own)
    elif at < 0.50 and not module.uses(own):
        of["repeat"] = repeat(module)
        of["arguments"] = {key: part for key, part in of["arguments"].items() if "each." not in part and "count." not in part}
        if chance(0.4):
            moved(module, own + pick(["", "[0]", '["x"]']), own + pick(["", "[0]", '["y"]', "[1]"]))
    elif at < 0.60:
        of["lifecycle"] = lifecycle(module, name)
    elif at < 0.70 and call:
        edit(module.calls[call]["module"])
    elif at < 0.76 and call and call + "x" not in module.calls:
        module.calls = {(call + "x" if other == call else other): of for other, of in module.calls.items()}
        module.replace(f"module.{call}", f"module.{call}x")
        if chance(0.8):
            moved(module, f"module.{call}", f"module.{call}x")
    elif at < 0.79 and call and not module.uses(f"module.{call}"):
        del module.calls[call]
        if chance(0.5):
            removed(module, f"module.{call}")
    elif at < 0.83 and call and not module.calls[call]["repeat"] and not module.uses(own):
        inner = module.calls[call]["module"].resources
        inner["come"] = {"repeat": of["repeat"], "arguments": {"input": '"into"'}, "lifecycle": {}}
        del module.resources[name]
        moved(module, own, f"module.{call}.terraform_data.come")
    elif at < 0.89 and not module.depth and not of["repeat"]:
        module.blocks.append(block("import", {"to": own, "id": pick(['"imp-1"', "var.s"])}))
    elif at < 0.95 and not module.depth:
        add_output(module, f"o{R.randint(0, 3)}")
    elif at < 0.98:
        module.checks["c"] = conditions(module)
    else:
        add_resource(module, "f")
