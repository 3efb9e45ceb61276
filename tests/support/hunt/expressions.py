"""Expressions that could be meant: what `validate`, `plan` and `console` say of them, and what they are worth.

Each is of a type that its place wants, but for some that are not: wrong types, missing names, keys that are not there, too many or too few
arguments, null, unknown and sensitive values. Many stand in one folder, each in a file of its own; what has a problem is taken out, and the
others are asked again, until all are sound: then their values and types are compared as `show -json` and `console` give them. Some are
asked in `console` itself, one at a time.
"""

import json
import os
import random
import re
import tempfile

from grammar import broken, pick
from oracle import by_file, write

BATCH = 40
WORLD = {
    "world.tf": """variable "s" {
  type    = string
  default = "text"
}
variable "n" {
  type    = number
  default = 5
}
variable "flag" {
  type    = bool
  default = true
}
variable "list" {
  type    = list(string)
  default = ["a", "b", "c"]
}
variable "numbers" {
  type    = list(number)
  default = [3, 1, 2.5]
}
variable "map" {
  type    = map(string)
  default = { a = "x", b = "y" }
}
variable "set" {
  type    = set(string)
  default = ["p", "q"]
}
variable "object" {
  type    = object({ a = string, b = optional(number, 3), c = optional(list(object({ x = string, y = number })), []) })
  default = { a = "z", c = [{ x = "one", y = 1 }, { x = "two", y = 2 }] }
}
variable "objects" {
  type    = map(object({ name = string, size = number, tags = optional(list(string), []) }))
  default = { web = { name = "w", size = 2, tags = ["t"] }, db = { name = "d", size = 1 } }
}
variable "any" {
  default = null
}
variable "required" {
  type = string
}
variable "secret" {
  type      = string
  default   = "hush"
  sensitive = true
}
variable "secrets" {
  type      = map(string)
  default   = { k = "v" }
  sensitive = true
}
locals {
  name   = "n-${var.s}"
  tuple  = [1, "two", true, null]
  object = { a = 1, "b c" = [1, 2], d = { e = "f" } }
  none   = null
  empty  = []
  nested = [{ id = 1, tags = ["x", "y"] }, { id = 2, tags = [] }]
}
resource "terraform_data" "one" {
  input = { a = var.s, b = [1, 2] }
}
resource "terraform_data" "some" {
  count = 2
  input = count.index
}
resource "terraform_data" "each" {
  for_each = toset(["a", "b"])
  input    = each.key
}
module "m" {
  source = "./m"
  x      = var.s
}
module "ms" {
  source   = "./m"
  for_each = var.map
  x        = each.value
}
""",
    "terraform.tfvars": 'required = "given"\n',
    "m/main.tf": 'variable "x" {}\nresource "terraform_data" "r" {\n  input = var.x\n}\noutput "out" {\n  value = var.x\n}\noutput "id" {\n  value = terraform_data.r.id\n}\n',
    ".terraform/modules/modules.json": '{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"m","Source":"./m","Dir":"m"},{"Key":"ms","Source":"./m","Dir":"m"}]}',
    "t.tftpl": "Hello ${name}!%{ for x in list }\n- ${x}%{ endfor }\n",
    "bad.tftpl": "Hello ${name",
    "data.json": '{"a": [1, {"b": null}]}',
}
NAMES = {
    "string": ["var.s", "local.name", "var.object.a", "var.list[0]", 'var.map["a"]', "terraform_data.one.id", "terraform_data.some[0].id", "var.required", "module.m.out", "path.module", "terraform.workspace", "local.tuple[1]", 'var.objects["web"].name', "module.m.id"],
    "number": ["var.n", "var.object.b", "var.numbers[0]", "local.object.a", "local.nested[0].id", "var.objects.db.size", "terraform_data.some[1].output", "length(var.list)"],
    "bool": ["var.flag", "local.tuple[2]", "true", "false", "terraform_data.one.id == var.s"],
    "list": ["var.list", "var.numbers", "terraform_data.some[*].id", "local.nested", "local.tuple", "local.empty", "var.object.c", "values(var.map)", "keys(var.objects)", "terraform_data.some", "tolist(var.set)", "local.nested[*].tags", "var.set"],
    "map": ["var.map", "local.object", "var.object", "var.objects", "terraform_data.each", "module.ms", "terraform_data.one.output", "local.object.d", "terraform_data.one", "module.m"],
    "any": ["var.any", "local.none", "var.secret", "var.secrets", "null"],
}
WRONG = ["var.nope", "local.nam", "var.strng", "terraform_data.nope.id", "terraform_data.one[0]", "terraform_data.some.id", 'terraform_data.each["c"].id', "terraform_data.each.a", "terraform_data.one.nope", "terraform_data.some[5].id", "module.m.nope"]
WRONG += ["module.nope.out", "module.ms.out", "each.key", "count.index", "self.id", "data.terraform_remote_state.x.outputs", "path.nope", "terraform.nope", "var", "local", "each", "module.m", "data.x", "foo", "foo.bar", "terraform_data", "terraform_data.one.output.c", 'terraform_data.one["a"].id']
WRONG += ['module.ms["c"].out', "var.s.x", "var.object.zz", "local.object.e", "var.list.a", "var.list[9]", "var.list[-1]", 'var.list["a"]', "var.map.zz", 'var.map["zz"]', "var.set[0]", "local.tuple[9]", "local.tuple.x", "var.n[0]", "local.none.x", "var.any.x", 'local.none["x"]', "var.objects.web.nope", "var.object.c[0].z"]
WRONG += ["var.list[1.5]", "var.list[null]", "var.map[null]", "local.object[0]", "var.list[var.s]", "var.map[var.list]", "resource.terraform_data.one.id", "terraform_data.some[*].nope", "var.objects[*].name", "var.any[*].x", "terraform_data.one.*.id", "terraform_data.each[*].id", "ephemeral.x.y", "terraform_data.some[var.s].id", "terraform_data.each[0].id"]
WORDS = ['""', '"a"', '"abc"', '"Hello World"', '"  x "', '"é日本"', '"a,b,,c"', '"10"', '"-2.5"', '"true"', '"a\\nb"', '"x-${var.n}"', '"${var.s}"', '"\\u00e9\\"q\\""', '"$${x}"', '"👩‍👩‍👧"', '"%{ if var.flag }y%{ else }n%{ endif }"']
NUMBERS = ["0", "1", "2", "-1", "3.7", "10", "1e3", "0.1", "1e20", "12345678901234567890", "-0.5", "100", "16", "1/3"]
TEXTS = {
    "format": ['"%s"', '"%d"', '"%5.2f|%-5s"', '"%v %v"', '"%q"', '"%05d"', '"%x"', '"%%"', '"%t"', '"%z"', '"%"', '"%[2]s"', '"%#v"', '"%e"', '"%s %s"', '"%+d"', '"%b"', '"%o"', '"%c"', '"%*d"', '"%.3s"', '"%g"', '"%X"'],
    "regex": ['"[a-z]+"', '"^(\\\\w)(.*)$"', '"(?P<first>.)(?P<rest>.*)"', '"["', '"a|b"', '"\\\\d+"', '"(?i)X"', '"x{2,}"', '"(a)(?P<n>b)"', '"(?=x)"', '"."', '""'],
    "replace": ['"a"', '"/[aeiou]/"', '"/(.)/"', '"/[/"', '""'],
    "time": ['"2024-01-02T03:04:05Z"', '"2024-02-29T23:59:59+02:00"', '"2024-01-02"', '"x"', '"2023-02-29T00:00:00Z"', '"2024-01-02 03:04:05Z"', '"2024-01-02T03:04:05.123Z"', '"2024-13-01T00:00:00Z"'],
    "date": ['"YYYY-MM-DD"', '"EEEE, DD-MMM-YY hh:mm:ss ZZZ"', '"HH:mm aa"', '"\'at\' h"', '"YYY"', '"Q"', '"\'x"', '"MMMMM"', '"Z ZZZZ ZZZZZ"'],
    "duration": ['"10m"', '"-1h30m"', '"1d"', '"1.5s"', '"x"', '"100ns"', '""'],
    "cidr": ['"10.0.0.0/8"', '"192.168.1.0/24"', '"10.1.2.3/16"', '"fd00::/48"', '"10.0.0.0"', '"10.0.0.0/33"', '"x"', '"0.0.0.0/0"', '"10.0.0.256/24"', '"10.0.0.0/08"'],
    "json": ['"{\\"a\\": 1}"', '"[1, 2.50, null]"', '"{"', '"x"', '"\\"s\\""', '""', '"[1,]"', '"1e400"', '"null"', '"{\\"a\\":1,\\"a\\":2}"', 'file("data.json")', '"[1] x"', '"tru"', '"\\"\\\\ud83d\\""'],
    "yaml": ['"a: 1"', '"- x\\n- y: [1, {z: ~}]"', '"a: b: c"', '"{a: 1, b: yes}"', '""', '"&x 1"', '"a: &y [1]\\nb: *y"', '"!!int x"', '"\\t- a"', '"a: |\\n  x\\n  y\\n"', '"2024-01-01"', '"0x1F"', '"a: 1\\na: 2"', '"[a"', '"? x"', '"<<: {a: 1}\\nb: 2"', '"- - 1"'],
    "csv": ['"a,b\\n1,2\\n3,4"', '"a,a\\n1,2"', '"a,b\\n1"', '"a\\n\\"x"', '""', '"a,b\\n1,2,3"', '"a,b"', '"a\\n\\"x\\"y"'],
    "base64": ['"aGVsbG8="', '"!"', '"aGVsbG8"', '"/w=="', '""'],
    "file": ['"data.json"', '"t.tftpl"', '"nope.txt"', '"."', '"m/main.tf"', '"${path.module}/data.json"', '""', '"m"'],
    "template": ['"t.tftpl"', '"bad.tftpl"', '"nope.tftpl"', '"data.json"'],
    "charset": ['"UTF-8"', '"UTF-16LE"', '"iso-8859-1"', '"nope"', '"windows-1252"', '"shift_jis"'],
    "uuid": ['"dns"', '"url"', '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"', '"nope"', '"oid"'],
    "glob": ['"*.tf"', '"**"', '"**/*.tf"', '"["', '"{a,b}*"', '"*.{json,tf}"', '"m/*"'],
    "int": ['"ff"', '"10"', '"-7"', '"z"', '"0x1"', '"1_0"', '""', '"10.5"', '"Zz"'],
}
LISTS = ["[]", '["a", "b"]', "[1, 2, 3]", '["b", "a", "b"]', '[1, "a", true]', "[[1, 2], [3]]", "[null]", '["", "x", null]', 'toset(["a", "b"])', "tolist([1, 2])", '[{ a = 1 }, { a = 2 }]', "[true, false]", "range(3)", '["é", "z"]', "[3, 1, 2]", "[1, [2, [3]]]", '[{ a = 1 }, { b = 2 }]', "toset([])", 'tolist([{ a = 1, b = "x" }, { a = 2 }])']
MAPS = ["{}", '{ a = 1, b = 2 }', '{ a = "x", b = null }', '{ "k 1" = [1], b = [2, 3] }', 'tomap({ a = "1", b = "2" })', '{ a = { b = { c = 1 } } }', '{ (var.s) = 1 }', '{ for k, v in var.map : v => k }', "{ name = var.s, list = var.list }", '{ name = "x", list = [] }', '{ 1 = "a" }', '{ a = ["x", "y"], b = ["x"] }', "tomap({})", '{ a = 1, a = 2 }', '{ a : true }']
# Functions, and what each wants.
FUNCTIONS = """
abs:number abspath:string alltrue:bools anytrue:bools base64decode:base64 base64encode:string base64gzip:string base64sha256:string base64sha512:string basename:string
can:any ceil:number chomp:string chunklist:list,number cidrhost:cidr,number cidrnetmask:cidr cidrsubnet:cidr,number,number cidrsubnets:cidr,number... coalesce:any...
coalescelist:list... compact:list concat:list... contains:list,any csvdecode:csv dirname:string distinct:list element:list,number endswith:string,string
ephemeralasnull:any file:file filebase64:file filebase64sha256:file filebase64sha512:file fileexists:file filemd5:file fileset:file,glob filesha1:file filesha256:file
filesha512:file flatten:list floor:number format:format,any... formatdate:date,time formatlist:format,list... indent:number,string index:list,any issensitive:any
join:string,list jsondecode:json jsonencode:any keys:map length:any log:number,number lookup:map,string,any lower:string matchkeys:list,list,list max:number... md5:string
merge:map... min:number... nonsensitive:any one:list parseint:int,number pathexpand:string pow:number,number range:number... regex:regex,string regexall:regex,string
replace:string,replace,string reverse:list rsadecrypt:base64,string sensitive:any setintersection:list... setproduct:list... setsubtract:list,list setunion:list... sha1:string
sha256:string sha512:string signum:number slice:list,number,number sort:list split:string,string startswith:string,string strcontains:string,string strrev:string
substr:string,number,number sum:numbers templatefile:template,map templatestring:names,map textdecodebase64:base64,charset textencodebase64:string,charset timeadd:time,duration
timecmp:time,time title:string tobool:any tolist:list tomap:map tonumber:any toset:list tostring:any transpose:map trim:string,string trimprefix:string,string
trimspace:string trimsuffix:string,string try:any... upper:string urlencode:string uuidv5:uuid,string values:map yamldecode:yaml yamlencode:any zipmap:list,list
"""
WANTS = {name: wants.split(",") for name, wants in (row.split(":") for row in FUNCTIONS.split())}
GIVES = {
    "string": "abspath base64encode basename chomp cidrhost cidrnetmask cidrsubnet dirname format formatdate indent join jsonencode lower md5 replace sha1 strrev substr title trim trimprefix trimspace trimsuffix upper urlencode tostring templatefile templatestring base64decode file timeadd yamlencode uuidv5 textdecodebase64 textencodebase64 element lookup coalesce one regex".split(),
    "number": "abs ceil floor length log max min parseint pow signum sum index timecmp tonumber".split(),
    "bool": "alltrue anytrue can contains endswith fileexists issensitive startswith strcontains tobool".split(),
    "list": "chunklist coalescelist compact concat distinct flatten formatlist keys matchkeys range regexall reverse setintersection setproduct setsubtract setunion slice sort split tolist toset values csvdecode fileset cidrsubnets".split(),
    "map": "merge zipmap tomap transpose lookup".split(),
}
GIVES["any"] = list(WANTS)


def mistaken(share=0.04):
    return random.random() < share


def of(want, depth):
    """Makes an expression of what is wanted, or sometimes of something else."""
    if mistaken():
        return pick(*WRONG) if random.random() < 0.4 else of(pick("string", "number", "bool", "list", "map", "any"), depth - 1)
    if mistaken(0.02):
        return pick("null", "var.any", "var.secret", "sensitive(1)", "terraform_data.one.id", "terraform_data.one.output", 'sensitive("x")', "tostring(null)", "sensitive([1, 2])", 'sensitive({ a = 1 })', "terraform_data.some[0].output")
    if want in TEXTS:
        return pick(*TEXTS[want]) if random.random() < 0.9 else of("string", depth - 1)
    if want == "names":
        return pick("var.s", "local.name", "local.text", "var.list[0]", '"x"', "module.m.out")
    if want in ("bools", "numbers"):
        inner = lambda: of(want[:-1], depth - 1)
        return f"[{', '.join(inner() for _ in range(random.randint(0, 3)))}]" if random.random() < 0.7 else of("list", depth - 1)
    if depth <= 0 or random.random() < 0.2:
        plain = {"string": WORDS, "number": NUMBERS, "bool": ["true", "false"], "list": LISTS, "map": MAPS, "any": ["null", "1", '"x"', "true", "[]", "{}", "[1]", "{ a = 1 }"]}
        return pick(*NAMES[want]) if random.random() < 0.5 else pick(*plain[want])
    if random.random() < 0.4:
        return call(pick(*GIVES[want]), depth)
    return operation(want, depth - 1)


def call(name, depth):
    wants = list(WANTS[name])
    if wants and wants[-1].endswith("..."):
        last = wants.pop()[:-3]
        wants += [last] * pick(0, 1, 1, 2, 2, 3)
    elif name == "lookup":
        wants = wants[: pick(2, 3)]
    if mistaken(0.03):
        wants = wants[:-1] if random.random() < 0.5 else [*wants, "any"]
    arguments = [of(want, depth - 1) for want in wants]
    if mistaken(0.03) and arguments:
        arguments[-1] = pick(of("list", depth - 1), f"[{arguments[-1]}]") + "..."
    if mistaken(0.02):
        name = pick(name + "x", name[:-1], "core::" + name, "foo::bar", "provider::x::y", name.upper(), "provider::terraform::encode_expr", "toString", "provider::terraform::decode_tfvars")
    end = ", " if mistaken(0.02) and arguments else ""
    return f"{name}({', '.join(arguments)}{end})"


def template(depth):
    out = ""
    for _ in range(random.randint(1, 3)):
        out += pick(
            "x",
            "-",
            " ",
            "\\n",
            f"${{{of('string', depth)}}}",
            f"${{{of('string', depth)}}}",
            f"${{{of('number', depth)}}}",
            f"%{{ if {of('bool', depth)} }}y%{{ else }}n%{{ endif }}",
            f"%{{ for v in {of('list', depth)} ~}} ${{v}} %{{ endfor }}",
            f"%{{ for k, v in {of('map', depth)} }}${{k}}=${{v}};%{{ endfor }}",
            f"${{{of('any', depth)}}}",
        )
    return f'"{out}"'


def operation(want, depth):
    inner = lambda type_name: of(type_name, depth)
    conditional = lambda: f"{inner('bool')} ? {inner(want)} : {inner(want)}"
    step = lambda: (inner("list") if random.random() < 0.5 else pick(*NAMES["list"], *NAMES["map"])) + pick("[0]", "[1]", '["a"]', ".a", "[*]", ".*", "[0].id", "[*].id", "[*].tags", ".0", "[var.n]", f"[{inner('number')}]", f"[{inner('string')}]", "[*].a.b", ".*.id", "[*][0]", ".d.e", '["b c"][0]', "[length(var.list) - 1]", "[*].tags[0]", "[-1]")
    entry = lambda: f"{pick('a', 'b', 'c', 'name', '(var.s)', chr(34) + 'k' + chr(34), '(' + inner('string') + ')')} {pick('=', '=', ':')} {inner(pick('string', 'number', 'any', 'list', 'bool'))}"
    makers = {
        "string": [lambda: template(depth), lambda: template(depth), conditional, step, lambda: f"({inner('string')})"],
        "number": [lambda: f"{inner('number')} {pick('+', '-', '*', '/', '%')} {inner('number')}", lambda: f"-{inner('number')}", conditional, step, lambda: f"({inner('number')})"],
        "bool": [
            lambda: f"{inner('number')} {pick('<', '>', '<=', '>=')} {inner('number')}",
            lambda: (lambda type_name: f"{inner(type_name)} {pick('==', '!=')} {inner(type_name)}")(pick("string", "number", "list", "map", "any", "bool")),
            lambda: f"{inner('bool')} {pick('&&', '||')} {inner('bool')}",
            lambda: f"!{inner('bool')}",
            conditional,
        ],
        "list": [
            lambda: f"[{', '.join(inner(pick('string', 'number', 'any', 'map')) for _ in range(random.randint(0, 3)))}]",
            lambda: f"[for v in {inner('list')} : {pick('v', 'v.id', 'upper(v)', 'v + 1', inner('any'), 'v.name', '{ x = v }')}{pick('', '', ' if v != null', ' if ' + inner('bool'))}]",
            lambda: f"[for k, v in {inner(pick('map', 'list'))} : {pick('k', 'v', chr(34) + '${k}-${v}' + chr(34), 'v.name', '[k, v]')}]",
            conditional,
            step,
        ],
        "map": [
            lambda: "{ " + ", ".join(entry() for _ in range(random.randint(0, 3))) + " }",
            lambda: f"{{ for k, v in {inner(pick('map', 'map', 'list'))} : {pick('k', 'v', 'upper(k)', 'v.name', chr(34) + 'x' + chr(34))} => {pick('v', 'k', 'v...', 'v.id', inner('any'))}{pick('', '', ' if v != null', ' if ' + inner('bool'))} }}",
            lambda: f"{{ for v in {inner('list')} : {pick('v', 'v.id', 'tostring(v)')} => {pick('v', 'v...', 'true', inner('any'))} }}",
            conditional,
            step,
        ],
        "any": [conditional, step, lambda: inner(pick("string", "number", "bool", "list", "map"))],
    }
    return pick(*makers[want])()


def file_of(name):
    made = of(pick("string", "number", "bool", "list", "map", "any"), random.randint(1, 3))
    made = broken(made) if mistaken(0.05) else made
    place = random.random()
    if place < 0.06:
        return f'resource "terraform_data" "{name}" {{\n  count = 2\n  input = [count.index, {made}]\n}}\nlocals {{\n  {name} = 1\n}}\n'
    if place < 0.12:
        return f'resource "terraform_data" "{name}" {{\n  for_each = {{ a = "x", b = 1 }}\n  input = [each.key, each.value, {made}]\n}}\nlocals {{\n  {name} = 1\n}}\n'
    return f"locals {{\n  {name} = {made}\n}}\n"


def objects(names):
    """Has the values planned."""
    return {"objects.tf": "".join(f'resource "terraform_data" "of_{name}" {{\n  input = local.{name}\n}}\n' for name in names)}


def without_secrets(value, secret):
    """Leaves out of a value what is sensitive in it: here it is not told."""
    if secret is True:
        return "(sensitive)"
    if isinstance(value, dict) and isinstance(secret, dict):
        return {name: without_secrets(inner, secret.get(name)) for name, inner in value.items()}
    if isinstance(value, list) and isinstance(secret, list) and len(value) == len(secret):
        return [without_secrets(*pair) for pair in zip(value, secret)]
    return value


def lines_of(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def planned(hunt, which, files):
    """Gives the problems of a plan, and where there are none the values and types."""

    def ask():
        with tempfile.TemporaryDirectory() as folder:
            write(folder, {**WORLD, **files})
            out = hunt.run(which, folder, "plan", "-json", "-input=false", "-out=p")[1]
            found = [line["diagnostic"] for line in lines_of(out) if line.get("type") == "diagnostic"]
            found = json.loads(json.dumps(found).replace(os.path.realpath(folder), "<cwd>"))
            shown = {}
            if not any(one["severity"] == "error" for one in found):
                shown = json.loads(hunt.run(which, folder, "show", "-json", "p")[1])
                shown = json.loads(json.dumps(shown).replace(os.path.realpath(folder), "<cwd>"))
        changes = {of["name"][3:]: of["change"] for of in shown.get("resource_changes", []) if of["name"].startswith("of_")}
        values = {}
        for name in (name[:-3] for name in files):
            change = {side: (changes.get(name, {}).get(side) or {}).get("input") for side in ("after", "after_unknown", "after_sensitive")}
            values[name] = [without_secrets(change["after"], change["after_sensitive"]), change["after_unknown"], change["after_sensitive"]]
        return {"problems": found, "values": values}

    return hunt.remember(["expressions", WORLD, files], ask) if which == "terraform" else ask()


def asked(hunt, which, files, names):
    """Gives what the console prints of each name and of its type."""

    def ask():
        with tempfile.TemporaryDirectory() as folder:
            write(folder, {**WORLD, **files})
            lines = "".join(f'"@@ {name}"\nlocal.{name}\ntype(local.{name})\n' for name in names)
            _, out, err = hunt.run(which, folder, "console", stdin=lines)
            parts = re.split(r'^"@@ (.*)"\n', (out + err).replace(os.path.realpath(folder), "<cwd>"), flags=re.M)
        return dict(zip(*[iter(parts[1:])] * 2))

    return hunt.remember(["console of", WORLD, files, names], ask) if which == "terraform" else ask()


def rounds(hunt, files):
    """Compares files until none is left that has a problem."""
    left, told = dict(files), {name: ([], []) for name in files}
    for step in ("validate", "plan"):
        for _ in range(4):
            if step == "validate":
                theirs, ours = (hunt.validated(which, {**WORLD, **left}) for which in ("terraform", "here"))
            else:
                given = {**left, **objects([name[:-3] for name in left])}
                theirs, ours = (planned(hunt, which, given) for which in ("terraform", "here"))
                values = (theirs["values"], ours["values"])
                theirs, ours = theirs["problems"], ours["problems"]
            failed = any(one["severity"] == "error" for one in theirs)
            # What only one of the programs refuses would hide what it has to say of the others.
            wrong = {(one.get("range") or {}).get("filename") for one in theirs + ours if one["severity"] == "error"} & set(left)
            theirs, ours = by_file(theirs), by_file(ours)
            for name in wrong or left:
                for side, found in zip(told[name], (theirs, ours)):
                    # Which of an object's attributes is named is chance with terraform.
                    side += [re.sub(r'element \\\\?"[^"\\]*\\\\?":', "element …:", f"{step} {one}") for one in found.get(name, [])]
                if "panic in function implementation" in str(theirs.get(name)):
                    # What terraform's own failure says is no wording to follow.
                    told.pop(name)
                if wrong:
                    left.pop(name)
            if not wrong and failed:
                return told, left, "an error without a file: " + str(theirs.get("") or theirs)
            if not wrong:
                break
    names = [name[:-3] for name in left]
    for name in names:
        for side, value in zip(told[f"{name}.tf"], values):
            side.append("value " + json.dumps(value[name], sort_keys=True))
    # What has a line of its own for each case is asked at once.
    printed = [asked(hunt, which, {f"{name}.tf": files[f"{name}.tf"] for name in names}, names) for which in ("terraform", "here")]
    for name in names:
        for side, of_all in zip(told[f"{name}.tf"], printed):
            side.append("console " + of_all.get(name, "nothing"))
    return told, left, ""


def plain(text):
    """Leaves out of a console's answer what only one of the programs tells: the source, the values within, colours."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line for line in text.splitlines() if not re.match(r"│ +(\d+:|│ |├─|\(source code)|│ help:", line)]
    text = re.sub(r"\n│\n(?=╵|│\n)", "\n", "\n".join(line.rstrip() for line in lines))
    # Terraform tells the same again for each turn of a loop.
    parts = (part.strip() for part in re.split(r"(?<=╵)\n", text))
    return "\n".join(dict.fromkeys(part for part in parts if part))


def console(hunt, made):
    def ask(which):
        def ask():
            with tempfile.TemporaryDirectory() as folder:
                write(folder, WORLD)
                code, out, err = hunt.run(which, folder, "console", stdin=made + "\n")
                return [code, *(text.replace(os.path.realpath(folder), "<cwd>") for text in (out, err))]

        code, out, err = hunt.remember(["console, one", WORLD, made], ask) if which == "terraform" else ask()
        return [code, out, plain(err)]

    return made, ask("terraform"), ask("here")


def main(hunt, count):
    texts = [{f"v{at}.tf": file_of(f"v{at}") for at in range(start, min(count, start + BATCH))} for start in range(0, count, BATCH)]
    for files, (told, left, why) in hunt.each(lambda files: (files, rounds(hunt, files)), texts):
        if why:
            print(f"(of {len(left)} files no value was compared: {why[:1500]})")
        for name, (theirs, ours) in told.items():
            cause = "value" if f"{name}" in left else "problem"
            hunt.compare(files[name], theirs, ours, cause)
    singles = [of(pick("string", "number", "bool", "list", "map", "any"), random.randint(1, 2)) for _ in range(count // 4)]
    for made, theirs, ours in hunt.each(lambda made: console(hunt, made), singles):
        hunt.compare(f"console: {made}", [json.dumps(theirs, ensure_ascii=False)], [json.dumps(ours, ensure_ascii=False)], "console")
