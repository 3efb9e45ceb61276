"""What configurations.py adds to a root module as people write them: variables of structured types with values from everywhere,
blocks made from them, modules in a chain, locals that regroup, conditions of several kinds, ephemeral values, and mistakes.
"""

import json

from configurations import Module, R, block, chance, pick

RULES = {
    "region": ['contains(["eu", "us"], var.region)', 'can(regex("^[a-z]+$", var.region))', "length(var.region) < 9"],
    "pools": ["alltrue([for p in var.pools : p.size > 0])", "length(var.pools) < 4", "length(distinct(var.pools[*].name)) == length(var.pools)"],
    "apps": ['alltrue([for k, a in var.apps : a.image != ""])', "length(var.apps) > 0"],
    "replicas": ["var.replicas == null || var.replicas > 0", "floor(var.replicas) == var.replicas", "var.replicas < 10"],
}
TYPES = {
    "region": "string",
    "pools": "list(object({ name = string, size = optional(number, 1), tags = optional(map(string), {}), spot = optional(bool) }))",
    "apps": "map(object({ image = string, ports = optional(list(number), [80]), env = optional(map(string)) }))",
    "replicas": "number",
    "labels": "map(string)",
    "zones": "set(string)",
    "pair": "tuple([string, number])",
    "free": "any",
    "enabled": "bool",
    "token": "string",
}
GOOD = {
    "region": ['"eu"', '"us"', '"asia"'],
    "pools": ['[{ name = "p1" }]', '[{ name = "p1", size = 2 }, { name = "p2", tags = { t = "1" } }]', "[]", '[{ name = "p2", spot = true }]'],
    "apps": ['{ web = { image = "w:1" } }', '{ web = { image = "w:2", ports = [1, 2] }, db = { image = "d", env = { A = "b" } } }', "{}"],
    "replicas": ["1", "2", "3", "null"],
    "labels": ['{ a = "1" }', '{ a = "1", b = "2" }', "{}", '{ b = "3" }'],
    "zones": ['["z1"]', '["z1", "z2"]', '["z2", "z3"]', "[]"],
    "pair": ['["x", 1]', '["y", 2]'],
    "free": ['"any"', '{ a = [1, "b"] }', "[1, 2]", "null", "true"],
    "enabled": ["true", "false"],
    "token": ['"tok"', '"tok2"'],
}
BAD = {"region": ["null", '["x"]'], "pools": ['"x"', "[{ size = 1 }]"], "replicas": ['"many"', "0"], "apps": ["null", "{ web = {} }"], "zones": ['"x"']}
USES = {
    "region": ["var.region", '"${var.region}-1"', "upper(var.region)", 'var.region == "eu" ? 1 : 2'],
    "pools": ["var.pools", "var.pools[*].name", "{ for p in var.pools : p.name => p }", "sum([for p in var.pools : p.size])", "var.pools[0].name"],
    "apps": ["var.apps", "keys(var.apps)", "{ for k, a in var.apps : k => a.ports }", "flatten([for k, a in var.apps : [for p in a.ports : \"${k}:${p}\"]])"],
    "replicas": ["var.replicas", "coalesce(var.replicas, 1)", "max(var.replicas, 2)", "var.replicas + 1"],
    "labels": ["var.labels", "merge(var.labels, { c = \"3\" })", "lookup(var.labels, \"a\", \"none\")", "[for k, v in var.labels : \"${k}=${v}\"]"],
    "zones": ["var.zones", "sort(var.zones)", "tolist(var.zones)", "length(var.zones)", "setproduct(var.zones, [\"a\", \"b\"])"],
    "pair": ["var.pair", "var.pair[0]", "var.pair[1] * 2"],
    "free": ["var.free", "try(var.free.a, \"none\")", "jsonencode(var.free)"],
    "enabled": ["var.enabled", "var.enabled ? \"on\" : \"off\"", "!var.enabled"],
    "token": ["var.token", "sha1(var.token)", "nonsensitive(var.token)", "{ t = var.token }"],
}
REPEATS = {
    "pools": ({"for_each": "{ for p in var.pools : p.name => p }"}, ["each.value.size", "each.value", '"${each.key}-${each.value.size}"', "each.value.tags"]),
    "apps": ({"for_each": "var.apps"}, ["each.value.image", "each.value.ports", "each.key", "try(each.value.env.A, null)"]),
    "replicas": ({"count": "coalesce(var.replicas, 0)"}, ["count.index", '"n${count.index + 1}"', "var.replicas"]),
    "zones": ({"for_each": "var.zones"}, ["each.key", "each.value", '"${each.value}/${var.s}"']),
    "labels": ({"for_each": "var.labels"}, ["each.value", "{ (each.key) = each.value }"]),
    "enabled": ({"count": "var.enabled ? 1 : 0"}, ["count.index", '"it"']),
}


def variable(module, name):
    more = {}
    if chance(0.3):
        more["description"] = '"What it is."'
    if chance(0.15):
        more["nullable"] = pick(["false", "true"])
    if name == "token" or chance(0.06):
        more["sensitive"] = "true"
    if name in RULES and chance(0.45):
        rules = [{"condition": pick(RULES[name]), "error_message": pick(['"Wrong."', f'"Wrong: ${{jsonencode(var.{name})}}."'])} for _ in range(R.randint(1, 2))]
        more["validation"] = rules
    module.variables[name] = (TYPES[name], pick(GOOD[name]) if chance(0.9) else None, more)


def used(module):
    """Gives an expression of a variable of these, or of what was made from one."""
    return pick(USES[pick([name for name in module.variables if name in USES])])


def resource(module, name):
    names = [of for of in module.variables if of in REPEATS]
    if names and chance(0.7):
        of, values = REPEATS[pick(names)]
        module.resources[name] = {"repeat": dict(of), "arguments": {"input": pick(values)}, "lifecycle": {}}
    else:
        module.resources[name] = {"repeat": {}, "arguments": {"input": used(module)}, "lifecycle": {}}
    if chance(0.2):
        module.resources[name]["arguments"]["triggers_replace"] = used(module)
    life = module.resources[name]["lifecycle"]
    if chance(0.12):
        life["precondition"] = {"condition": pick(["length(var.s) > 1", f"{used(module)} != null", "var.n > 0 && var.n < 3"]), "error_message": '"Not so."'}
    if chance(0.12):
        life["postcondition"] = {"condition": pick(["self.input != null", "length(self.id) > 3", 'self.output != "x"']), "error_message": pick(['"Odd: ${self.id}."', '"Odd."'])}
    if chance(0.1):
        life["create_before_destroy"] = "true"


def shown(module, name):
    """Gives what one writes of a resource, by how it is repeated."""
    own, of = f"terraform_data.{name}", module.resources[name]["repeat"]
    if "count" in of:
        return pick([f"one({own}[*].id)", f"{own}[*].output", f"try({own}[0].input, \"none\")", f"length({own})", f"join(\",\", {own}[*].id)"])
    if of:
        return pick([f"{{ for k, r in {own} : k => r.output }}", f"keys({own})", f"[for r in {own} : r.id]", f"values({own})[*].input", f"length({own})"])
    return pick([f"{own}.output", f"{own}.id", f"{own}.input", f"jsonencode({own}.output)", f"[{own}.id, {own}.input]", f"\"id ${{{own}.id}}\""])


def call(module, name):
    """Adds a module with a structured argument and several outputs, and maybe one that takes from it."""
    child = Module(module.depth + 1)
    child.variables["name"] = ("string", None, {})
    child.variables["config"] = ("object({ size = optional(number, 1), tags = optional(list(string), []) })", "{}", {} if chance(0.7) else {"nullable": "false"})
    if chance(0.3):
        rule = {"condition": "var.config.size < 4", "error_message": '"Size ${var.config.size} of ${var.name}."'}
        child.variables["config"] = (*child.variables["config"][:2], {**child.variables["config"][2], "validation": rule})
    child.locals["full"] = '"${var.name}-${var.s}"'
    child.resources["main"] = {"repeat": {}, "arguments": {"input": pick(["local.full", "{ n = var.name, c = var.config }", "var.config.tags"])}, "lifecycle": {}}
    child.resources["part"] = {"repeat": {"count": "var.config.size"}, "arguments": {"input": pick(["terraform_data.main.id", '"${local.full}-${count.index}"'])}, "lifecycle": {}}
    child.outputs = {"id": {"value": "terraform_data.main.id"}, "parts": {"value": "terraform_data.part[*].id"}, "name": {"value": "local.full"}}
    if chance(0.3):
        child.outputs["name"]["precondition"] = {"condition": pick(['var.name != ""', "var.config.size > 1"]), "error_message": '"No name."'}
    repeat, given = {}, ["var.s", '"fix"']
    if chance(0.5):
        names = [of for of in module.variables if of in ("apps", "zones", "labels")]
        repeat = {"for_each": f"var.{pick(names)}"} if names else {"for_each": 'toset(["x", "y"])'}
        given = ["each.key"]
    elif chance(0.3):
        repeat, given = {"count": pick(["2", "var.n"])}, ['"m${count.index}"']
    arguments = {"name": pick(given)}
    if chance(0.6):
        arguments["config"] = pick(["{ size = 2 }", '{ tags = ["a"] }', "{}", "{ size = var.n }", "null", "{ size = 5, other = 1 }"])
    module.calls[name] = {"repeat": repeat, "arguments": arguments, "module": child}


def of_call(module, name):
    base, of = f"module.{name}", module.calls[name]["repeat"]
    if "count" in of:
        return pick([f"{base}[*].id", f"{base}[0].name", f"flatten({base}[*].parts)"])
    if of:
        return pick([f"{{ for k, m in {base} : k => m.id }}", f"[for m in {base} : m.name]", f"keys({base})"])
    return pick([f"{base}.id", f"{base}.parts", f"{base}.name", f"{base}"])


def mistake(module):
    """Writes something that is wrong, as people do."""
    wrong = ["terraform_data.nope.id", "var.nope", "local.nope", "module.nope.x", "var.s.x", "terraform_data.a.nope", "nope(1)", "tonumber(var.s)", "var.s + 1"]
    wrong += ["[][0]", "{}.a", "null + 1", "each.key", "count.index", "self.id", "upper()", "data.terraform_remote_state.no.outputs", "path.nope", "terraform.nope"]
    wrong += ['element([], 0)', 'var.n ? 1 : 2', 'jsondecode("{")', 'file("no.txt")', '[for x in var.s : x]', '"${[1]}"', "toset([1, {}])", "merge(1)"]
    kind, expr = R.random(), pick(wrong)
    if kind < 0.3:
        module.outputs["w"] = {"value": expr}
    elif kind < 0.6:
        module.resources["w"] = {"repeat": {}, "arguments": {"input": expr}, "lifecycle": {}}
    elif kind < 0.75:
        module.locals["w"] = expr
    elif kind < 0.85:
        module.resources["w"] = {"repeat": pick([{"count": expr}, {"for_each": expr}, {"for_each": '["a"]'}, {"count": "-1"}, {"for_each": "{ (terraform_data.w0.id) = 1 }"}]), "arguments": {}, "lifecycle": {}}
        module.resources["w0"] = {"repeat": {}, "arguments": {}, "lifecycle": {}}
    elif kind < 0.92:
        arguments = pick([{"nope": "1"}, {"id": '"x"'}, {"output": "1"}, {"input": "1", "depends_on": "[terraform_data.nope]"}, {"inputs": expr}])
        module.resources["w"] = {"repeat": {}, "arguments": arguments, "lifecycle": pick([{}, {"ignore_changes": "[nope]"}, {"replace_triggered_by": "[var.s]"}, {"replace_triggered_by": "[terraform_data.nope]"}])}
    elif module.calls:
        arguments = module.calls[pick(module.calls)]["arguments"]
        arguments.update(pick([{"nope": "1"}, {pick(arguments): expr}, {"s": expr}]))


def more(module):
    """Adds to a root module."""
    for name in [name for name in TYPES if chance(0.3)] or ["region"]:
        variable(module, name)
    if chance(0.5):
        module.locals["by"] = pick(["{ for k in [\"a\", \"b\"] : k => upper(k) }", used(module), "{ for i, v in [3, 4, 3] : v => i... }", "var.n > 1 ? { a = 1 } : {}"])
    for name in "gh"[: R.randint(1, 2)]:
        resource(module, name)
    if chance(0.5):
        call(module, "u")
        if chance(0.4):
            module.resources["p"] = {"repeat": {}, "arguments": {"input": of_call(module, "u")}, "lifecycle": {}}
    for at in range(R.randint(0, 3)):
        source = pick([lambda: shown(module, pick([name for name in module.resources if name in "gh"])), lambda: used(module), *[lambda: of_call(module, "u")] * ("u" in module.calls)])()
        out = {"value": source, **({"description": '"It."'} if chance(0.3) else {})}
        if "var.token" in source or any("sensitive" in module.variables.get(name, ("", "", {}))[2] for name in TYPES if f"var.{name}" in source) or chance(0.1):
            out["sensitive"] = "true"
        module.outputs[f"q{at}"] = out
    if chance(0.12):
        module.variables["eph"] = ("string", '"e"', {"ephemeral": "true"})
        if chance(0.3):
            module.outputs["e"] = {"value": pick(["var.eph", "length(var.eph)", "ephemeralasnull(var.eph)"])}
        if chance(0.3):
            module.resources["ee"] = {"repeat": {}, "arguments": {"input": pick(["ephemeralasnull(var.eph)", "var.eph", 'try(var.eph, "x")'])}, "lifecycle": {}}
        if chance(0.3):
            module.locals["eph"] = "upper(var.eph)"
    if chance(0.15):
        module.resources["run"] = {"repeat": {}, "arguments": {}, "lifecycle": {}, "more": {'provisioner "local-exec"': {"command": '"echo hi"', **({"when": "destroy"} if chance(0.3) else {})}}}
    if chance(0.1):
        module.data["rr"] = {"for_each": 'toset(["other"])', "backend": '"local"', "config": '{ path = "${each.key}.tfstate" }'}
        module.outputs["rr"] = {"value": '{ for k, d in data.terraform_remote_state.rr : k => d.outputs.x }'}
    if chance(0.12):
        module.blocks.append(block('check "found"', {'data "terraform_remote_state" "s"': {"backend": '"local"', "config": f'{{ path = "{pick(["other", "none"])}.tfstate" }}'}, "assert": {"condition": pick(["data.terraform_remote_state.s.outputs.x == 2", 'data.terraform_remote_state.s.outputs.x == "q"', "terraform_data.g != null"]), "error_message": '"Not found."'}}))
    if chance(0.06):
        mistake(module)


def change(module):
    """Edits what `more` added."""
    for _ in range(R.randint(1, 3)):
        at, names = R.random(), [name for name in TYPES if name in module.variables]
        name = pick(names)
        if at < 0.35:
            ty, default, more_of = module.variables[name]
            module.variables[name] = (ty, pick(GOOD[name] + BAD.get(name, []) * chance(0.15)), more_of)
        elif at < 0.45:
            variable(module, name)
        elif at < 0.6:
            resource(module, pick("ghj"))
        elif at < 0.68 and "u" in module.calls:
            module.calls["u"]["arguments"]["config"] = pick(["{ size = 2 }", "{ size = 0 }", '{ tags = ["b"] }', "null"])
        elif at < 0.74 and "u" in module.calls and not module.uses("module.u"):
            module.calls["u"]["repeat"] = pick([{}, {"count": "1"}, {"for_each": 'toset(["x"])'}])
            module.calls["u"]["arguments"]["name"] = '"again"'
            if chance(0.5):
                module.blocks.append(block("moved", {"from": pick(["module.u", 'module.u["x"]', "module.u[0]"]), "to": pick(["module.u[0]", 'module.u["x"]', "module.u"])}))
        elif at < 0.8:
            module.outputs[f"q{R.randint(0, 3)}"] = {"value": used(module), "sensitive": "true"}
        elif at < 0.86:
            module.blocks.append(pick([
                block("import", {"for_each": '{ x = "i1", y = "i2" }', "to": "terraform_data.imp[each.key]", "id": "each.value"}) + block('resource "terraform_data" "imp"', {"for_each": 'toset(["x", "y"])', "input": "each.key"}),
                block("import", {"to": pick(["module.u.terraform_data.main", "terraform_data.g", 'terraform_data.h["web"]', "terraform_data.nope"]), "id": '"imported"'}),
                block("removed", {"from": pick(["terraform_data.gone", "module.gone", "module.u.terraform_data.gone", "terraform_data.h"]), "lifecycle": {"destroy": pick(["true", "false"])}}),
                block("moved", {"from": pick(["terraform_data.g", "terraform_data.h", "module.u.terraform_data.main", "module.u"]), "to": pick(["terraform_data.j", "terraform_data.g", "module.v", 'terraform_data.g["web"]', "terraform_data.g[0]"])}),
            ]))
        else:
            mistake(module) if chance(0.3) else None


def given(module, files, options):
    """Gives values of variables in all the ways there are: adds files and options, and gives what the environment has."""
    env = {}
    names = [name for name in TYPES if name in module.variables]
    for _ in range(R.randint(0, 3)):
        name, at = pick(names), R.random()
        value = pick(GOOD[name] + BAD.get(name, []) * chance(0.2))
        line = f"{name} = {value}\n"
        if at < 0.25:
            files["terraform.tfvars"] = files.get("terraform.tfvars", "") * (f"{name} =" not in files.get("terraform.tfvars", "")) + line
        elif at < 0.4:
            files[pick(["a.auto.tfvars", "b.auto.tfvars"])] = line + ('nope = "x"\n' if chance(0.1) else "")
        elif at < 0.5:
            files["more.tfvars"] = line
            options += ["-var-file=more.tfvars"]
        elif at < 0.7:
            env[f"TF_VAR_{name}"] = value.strip('"') if TYPES[name] == "string" else value
        elif at < 0.95:
            options += ["-var", f"{name}={value.strip(chr(34)) if TYPES[name] == 'string' else value}"]
        elif chance(0.4):
            options += ["-var", "nope=1"]
    if chance(0.1):
        files["terraform.tfvars.json"] = json.dumps({"s": pick(["from json", 3, None])})
    return env
