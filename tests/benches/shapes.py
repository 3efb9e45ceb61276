"""Inputs that grow in one direction each, for the section `doubling` of measure.py: doubling the input must double the work."""
import json
from pathlib import Path


def write(folder, name, text):
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def lines(count, line):
    return "\n".join(line(index) for index in range(count)) + "\n"


def main(text):
    """A shape that is one file."""
    return lambda folder, count: write(folder, "main.tf", text(count))


def data(name, value, *, more=""):
    """A block with one input."""
    return f'resource "terraform_data" "{name}" {{\n  input = {value}\n{more}}}\n'


def output(value):
    return f'output "result" {{\n  value = {value}\n}}\n'


def local(value, shown):
    """A large local, and an output of something small that is made from it."""
    return f'locals {{\n  big = {value}\n}}\n' + output(shown)


def numbers(count):
    """A list of so many numbers: `range` gives at most 1,024."""
    return f"[for p in setproduct(range({max(count // 1000, 1)}), range({min(count, 1000)})) : p[0] * 1000 + p[1]]"


def texts(count):
    return f'[for p in setproduct(range({max(count // 1000, 1)}), range({min(count, 1000)})) : format("k%07d", p[0] * 1000 + p[1])]'


def entries(count):
    return f'{{ for p in setproduct(range({max(count // 1000, 1)}), range({min(count, 1000)})) : format("k%07d", p[0] * 1000 + p[1]) => p[1] }}'


def nested(count, opening, inner, closing):
    return opening * count + inner + closing * count


def modules_in_modules(folder, count):
    """Modules that call one another, each handing a value down."""
    for depth in range(count):
        call = f'module "inner" {{\n  source = "./inner"\n  name   = var.name\n}}\n' if depth + 1 < count else ""
        own = 'variable "name" {\n  type    = string\n  default = "n"\n}\n' + data("item", "var.name")
        write(Path(folder).joinpath(*["inner"] * depth), "main.tf", own + call)


def many_modules(folder, count):
    write(folder, "main.tf", lines(count, lambda i: f'module "m{i}" {{\n  source = "./part"\n  name   = "m{i}"\n}}\n')
          + output(f'[{", ".join(f"module.m{i}.id" for i in range(count))}]'))
    write(folder, "part/main.tf", 'variable "name" {\n  type = string\n}\n' + data("item", "var.name")
          + 'output "id" {\n  value = terraform_data.item.id\n}\n')


def variables(folder, count):
    write(folder, "main.tf", lines(count, lambda i: f'variable "v{i}" {{\n  type = string\n}}') + output("var.v0"))
    write(folder, "terraform.tfvars", lines(count, lambda i: f'v{i} = "x{i}"'))


def files(folder, count):
    for index in range(count):
        write(folder, f"f{index}.tf", data(f"item_{index}", f'"x{index}"'))


def json_blocks(folder, count):
    blocks = {f"item_{index}": {"input": f"${{var.prefix}}-{index}"} for index in range(count)}
    write(folder, "main.tf.json", json.dumps({"variable": {"prefix": {"default": "p"}}, "resource": {"terraform_data": blocks}}, indent=2))


def state(objects):
    """A state of built-in objects."""
    resources = [{"mode": "managed", "type": "terraform_data", "name": name, "provider": 'provider["terraform.io/builtin/terraform"]',
                  "instances": instances} for name, instances in objects]
    return json.dumps({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "f0000000-0000-4000-8000-000000000000",
                       "outputs": {}, "resources": resources, "check_results": None})


def kept(value, key=None, needs=()):
    attributes = {"id": "11111111-0000-4000-8000-000000000000", "input": {"value": value, "type": "string"},
                  "output": {"value": value, "type": "string"}, "triggers_replace": None}
    instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "dependencies": list(needs)}
    return instance if key is None else {"index_key": key, **instance}


def unchanged(folder, count):
    write(folder, "main.tf", lines(count, lambda i: data(f"item_{i}", f'"x{i}"')))
    write(folder, "terraform.tfstate", state((f"item_{i}", [kept(f"x{i}")]) for i in range(count)))


def changed(folder, count):
    unchanged(folder, count)
    write(folder, "main.tf", lines(count, lambda i: data(f"item_{i}", f'"y{i}"')))


def gone(folder, count):
    unchanged(folder, count)
    write(folder, "main.tf", output("1"))


def gone_in_chain(folder, count):
    write(folder, "main.tf", output("1"))
    write(folder, "terraform.tfstate", state(
        (f"item_{i}", [kept(f"x{i}", needs=[f"terraform_data.item_{i - 1}"] if i else [])]) for i in range(count)))


def moved(folder, count):
    write(folder, "main.tf", lines(count, lambda i: data(f"new_{i}", f'"x{i}"')
          + f"moved {{\n  from = terraform_data.item_{i}\n  to   = terraform_data.new_{i}\n}}"))
    write(folder, "terraform.tfstate", state((f"item_{i}", [kept(f"x{i}")]) for i in range(count)))


def removed(folder, count):
    write(folder, "main.tf", lines(count, lambda i: f"removed {{\n  from = terraform_data.item_{i}\n  lifecycle {{\n    destroy = false\n  }}\n}}"))
    write(folder, "terraform.tfstate", state((f"item_{i}", [kept(f"x{i}")]) for i in range(count)))


def counted_state(folder, count):
    write(folder, "main.tf", data("item", "count.index", more=f"  count = {count // 2}\n"))
    write(folder, "terraform.tfstate", state([("item", [kept("x", key=index) for index in range(count)])]))


def edited(before, after):
    """One object whose input changes from one value to another."""
    def make(folder, count):
        write(folder, "main.tf", data("item", after(count)))
        attributes = {"id": "11111111-0000-4000-8000-000000000000", "triggers_replace": None,
                      "input": before(count), "output": before(count)}
        instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "dependencies": []}
        write(folder, "terraform.tfstate", state([("item", [instance])]))
    return make


def of_text(value):
    return {"value": value, "type": "string"}


def of_texts(value):
    return {"value": value, "type": ["tuple", ["string"] * len(value)]}


PLAN, VALIDATE, FMT = ["plan"], ["validate"], ["fmt", "-check"]

# What grows, how many at the least, how it is made, and the command. The least is so large that the start does not count.
SHAPES = [
    ("blocks", 2000, main(lambda n: lines(n, lambda i: data(f"item_{i}", f'"x{i}"'))), PLAN),
    ("blocks in a chain", 1000, main(lambda n: lines(n, lambda i: data(f"item_{i}", f"terraform_data.item_{i - 1}.output" if i else '"x"'))), PLAN),
    ("blocks that all refer to one", 1000, main(lambda n: data("hub", '"x"') + lines(n, lambda i: data(f"item_{i}", "terraform_data.hub.output"))), PLAN),
    ("one block that refers to all", 2000, main(lambda n: lines(n, lambda i: data(f"item_{i}", f'"x{i}"')) + data("hub", "[" + ", ".join(f"terraform_data.item_{i}.id" for i in range(n)) + "]")), PLAN),
    ("depends_on of many", 2000, main(lambda n: lines(n, lambda i: data(f"item_{i}", f'"x{i}"')) + data("hub", "1", more="  depends_on = [" + ", ".join(f"terraform_data.item_{i}" for i in range(n)) + "]\n")), PLAN),
    ("files", 500, files, VALIDATE),
    ("locals in a chain", 2000, main(lambda n: "locals {\n" + lines(n, lambda i: f"  l{i} = local.l{i - 1} + 1" if i else "  l0 = 1") + "}\n" + output(f"local.l{n - 1}")), PLAN),
    ("locals in a chain over one block", 1000, main(lambda n: data("item", "1") + "locals {\n" + lines(n, lambda i: f'  l{i} = "${{local.l{i - 1}}}"' if i else "  l0 = terraform_data.item.id") + "}\n" + output(f"local.l{n - 1}")), PLAN),
    ("locals that nobody uses", 5000, main(lambda n: "locals {\n" + lines(n, lambda i: f'  l{i} = "x{i}"') + "}\n"), VALIDATE),
    ("outputs", 2000, main(lambda n: data("item", "1") + lines(n, lambda i: f'output "o{i}" {{\n  value = terraform_data.item.id\n}}')), PLAN),
    ("variables with values", 2000, variables, PLAN),
    ("variables with a validation each", 1000, main(lambda n: lines(n, lambda i: f'variable "v{i}" {{\n  default = "x{i}"\n  validation {{\n    condition     = length(var.v{i}) > 1\n    error_message = "No."\n  }}\n}}')), PLAN),
    ("check blocks", 1000, main(lambda n: data("item", "1") + lines(n, lambda i: f'check "c{i}" {{\n  assert {{\n    condition     = terraform_data.item.id != "x"\n    error_message = "No."\n  }}\n}}')), PLAN),
    ("data sources", 500, main(lambda n: lines(n, lambda i: f'data "http" "item_{i}" {{\n  url = "https://x{i}.example"\n}}')), VALIDATE),
    ("modules", 500, many_modules, PLAN),
    ("modules in modules", 16, modules_in_modules, PLAN),
    ("a module with count", 1000, lambda folder, n: (write(folder, "main.tf", f'module "m" {{\n  source = "./part"\n  count  = {n}\n  name   = "m${{count.index}}"\n}}\n' + output("module.m[*].id")), write(folder, "part/main.tf", 'variable "name" {\n  type = string\n}\n' + data("item", "var.name") + 'output "id" {\n  value = terraform_data.item.id\n}\n')), PLAN),
    ("instances by count", 2000, main(lambda n: data("item", "count.index", more=f"  count = {n}\n")), PLAN),
    ("instances, and one block of all", 2000, main(lambda n: data("item", "count.index", more=f"  count = {n}\n") + data("hub", "terraform_data.item[*].id")), PLAN),
    ("instances that refer to instances", 1000, main(lambda n: data("item", "count.index", more=f"  count = {n}\n") + data("other", "terraform_data.item[count.index].id", more=f"  count = {n}\n")), PLAN),
    ("instances, outputs of single ones", 1000, main(lambda n: data("item", "count.index", more=f"  count = {n}\n") + lines(n, lambda i: f'output "o{i}" {{\n  value = terraform_data.item[{i}].id\n}}')), PLAN),
    ("instances over each of another block", 1000, main(lambda n: f'locals {{\n  items = {entries(n)}\n}}\n' + data("item", "each.value", more="  for_each = local.items\n") + data("other", "each.value.id", more="  for_each = terraform_data.item\n")), PLAN),
    ("a list in an attribute", 5000, main(lambda n: data("item", "[\n" + lines(n, lambda i: f'    "x{i}",') + "  ]")), PLAN),
    ("a map in an attribute", 5000, main(lambda n: data("item", "{\n" + lines(n, lambda i: f'    x{i} = "v{i}"') + "  }")), PLAN),
    ("a long string", 200_000, main(lambda n: data("item", '"' + "x" * n + '"')), PLAN),
    ("a long string with escapes", 50_000, main(lambda n: data("item", '"' + "\\n\\\"" * n + '"')), PLAN),
    ("a long heredoc", 5000, main(lambda n: data("item", "<<-EOT\n" + lines(n, lambda i: f"    line {i}") + "  EOT")), PLAN),
    ("a long heredoc with interpolations", 2000, main(lambda n: data("item", "<<-EOT\n" + lines(n, lambda i: f"    line ${{{i}}} is") + "  EOT")), PLAN),
    ("lists in lists", 15, main(lambda n: data("item", nested(n, "[", "1", "]"))), PLAN),
    ("calls in calls", 14, main(lambda n: output(nested(n, "try(", "1", ")"))), PLAN),
    ("a long sum", 60, main(lambda n: output(" + ".join("1" for _ in range(n)))), PLAN),
    ("conditionals in conditionals", 14, main(lambda n: output("true ? 1 : " * n + "2")), PLAN),
    ("a type in a type", 14, main(lambda n: f'variable "v" {{\n  type    = {nested(n, "list(", "string", ")")}\n  default = null\n}}\n'), PLAN),
    ("an object type of many fields", 2000, main(lambda n: 'variable "v" {\n  type = object({\n' + lines(n, lambda i: f"    f{i} = optional(string)") + "  })\n  default = {}\n}\n" + output("var.v.f0")), PLAN),
    ("unchanged objects", 2000, unchanged, PLAN),
    ("changed objects", 1000, changed, PLAN),
    ("changed objects, JSON", 1000, changed, ["plan", "-json"]),
    ("objects to be destroyed", 1000, gone, PLAN),
    ("a chain to be destroyed", 1000, gone_in_chain, PLAN),
    ("a state to be shown", 1000, gone, ["show"]),
    ("a state to be listed", 1000, gone, ["state", "list"]),
    ("moved blocks", 500, moved, PLAN),
    ("moved blocks, JSON", 500, moved, ["plan", "-json"]),
    ("removed blocks", 500, removed, PLAN),
    ("instances of which half goes", 2000, counted_state, PLAN),
    ("a string that changes", 2000, edited(lambda n: of_text("".join(f"line {i}\n" for i in range(n))), lambda n: "<<-EOT\n" + lines(n, lambda i: f"    line {i if i % 7 else -i}") + "  EOT"), PLAN),
    ("a string that is another", 2000, edited(lambda n: of_text("".join(f"line {i}\n" for i in range(n))), lambda n: "<<-EOT\n" + lines(n, lambda i: f"    other {i}") + "  EOT"), PLAN),
    ("a list that changes", 2000, edited(lambda n: of_texts([f"x{i}" for i in range(n)]), lambda n: "[" + ", ".join(f'"x{i if i % 7 else -i}"' for i in range(n)) + "]"), PLAN),
    ("a list that is another", 2000, edited(lambda n: of_texts([f"x{i}" for i in range(n)]), lambda n: "[" + ", ".join(f'"y{i}"' for i in range(n)) + "]"), PLAN),
    ("a list that is longer in front", 2000, edited(lambda n: of_texts([f"x{i}" for i in range(n)]), lambda n: "[" + ", ".join(f'"x{i - n // 2}"' for i in range(n)) + "]"), PLAN),
    ("splat", 10_000, main(lambda n: local(f"[for t in {texts(n)} : {{ a = t }}]", "length(local.big[*].a)")), PLAN),
    ("for over a map", 10_000, main(lambda n: local(entries(n), 'length({ for k, v in local.big : "${k}x" => v })')), PLAN),
    ("for with groups", 10_000, main(lambda n: local(texts(n), 'length({ for t in local.big : substr(t, 0, 7) => t... })')), PLAN),
    ("index in a loop", 10_000, main(lambda n: local(texts(n), "length([for i, t in local.big : local.big[i]])")), PLAN),
    ("key in a loop", 10_000, main(lambda n: local(entries(n), "length([for k, v in local.big : local.big[k]])")), PLAN),
    ("the length in a loop", 10_000, main(lambda n: local(texts(n), "length([for t in local.big : t if length(local.big) > 1])")), PLAN),
    ("setproduct", 10_000, main(lambda n: local(texts(n), 'length(setproduct(local.big, ["a", "b"]))')), PLAN),
    ("distinct", 10_000, main(lambda n: local(texts(n), "length(distinct(local.big))")), PLAN),
    ("flatten", 10_000, main(lambda n: local(f"[for t in {texts(n)} : [t, [t]]]", "length(flatten(local.big))")), PLAN),
    ("merge", 10_000, main(lambda n: local(f"[for t in {texts(n)} : {{ (t) = 1 }}]", "length(merge(local.big...))")), PLAN),
    ("concat", 10_000, main(lambda n: local(texts(n), "length(concat(local.big, local.big))")), PLAN),
    ("join and split", 10_000, main(lambda n: local(texts(n), 'length(split(",", join(",", local.big)))')), PLAN),
    ("formatlist", 10_000, main(lambda n: local(texts(n), 'length(formatlist("%s-%s", local.big, local.big))')), PLAN),
    ("toset", 10_000, main(lambda n: local(texts(n), "length(toset(local.big))")), PLAN),
    ("setunion and setsubtract", 10_000, main(lambda n: local(texts(n), "length(setsubtract(setunion(local.big, local.big), local.big))")), PLAN),
    ("sort and reverse", 10_000, main(lambda n: local(texts(n), "length(reverse(sort(reverse(local.big))))")), PLAN),
    ("zipmap", 10_000, main(lambda n: local(texts(n), "length(zipmap(local.big, local.big))")), PLAN),
    ("keys, values, lookup", 10_000, main(lambda n: local(entries(n), 'length(keys(local.big)) + length(values(local.big)) + lookup(local.big, "k0000001", 0)')), PLAN),
    ("contains and index", 10_000, main(lambda n: local(texts(n), 'index(local.big, "k0000500")')), PLAN),
    ("chunklist and slice", 10_000, main(lambda n: local(texts(n), "length(chunklist(slice(local.big, 1, length(local.big)), 3))")), PLAN),
    ("transpose", 5000, main(lambda n: local(f"{{ for t in {texts(n)} : t => [\"a\", t] }}", "length(transpose(local.big))")), PLAN),
    ("compact and coalescelist", 10_000, main(lambda n: local(texts(n), "length(compact(coalescelist([], local.big)))")), PLAN),
    ("sum and max", 10_000, main(lambda n: local(numbers(n), "sum(local.big) + max(local.big...)")), PLAN),
    ("jsonencode and jsondecode", 10_000, main(lambda n: local(entries(n), "length(jsondecode(jsonencode(local.big)))")), PLAN),
    ("yamlencode and yamldecode", 2000, main(lambda n: local(entries(n), "length(yamldecode(yamlencode(local.big)))")), PLAN),
    ("csvdecode", 10_000, main(lambda n: local(texts(n), 'length(csvdecode("a\\n${join("\\n", local.big)}"))')), PLAN),
    ("replace and regexall", 10_000, main(lambda n: local(texts(n), 'length(regexall("k[0-9]+", replace(join(",", local.big), "k0", "k")))')), PLAN),
    ("a template with a loop", 10_000, main(lambda n: local(texts(n), 'length("%{ for t in local.big }${t}\\n%{ endfor }")')), PLAN),
    ("equality of lists", 10_000, main(lambda n: local(texts(n), "local.big == concat(local.big, [])")), PLAN),
    ("a list in an output", 5000, main(lambda n: output(texts(n))), PLAN),
    ("fmt of many blocks", 2000, main(lambda n: lines(n, lambda i: data(f"item_{i}", f'"x{i}"'))), FMT),
    ("fmt of a long list", 5000, main(lambda n: data("item", "[\n" + lines(n, lambda i: f'    "x{i}",') + "  ]")), FMT),
    ("fmt of aligned attributes", 5000, main(lambda n: "locals {\n" + lines(n, lambda i: f'  l{i:07} = "x{i}"') + "}\n"), FMT),
    ("fmt of a long heredoc", 5000, main(lambda n: data("item", "<<-EOT\n" + lines(n, lambda i: f"    line ${{{i}}}") + "  EOT")), FMT),
    ("JSON syntax", 2000, json_blocks, PLAN),
    ("a typing error in each block", 500, main(lambda n: lines(n, lambda i: data(f"item_{i}", f'"x{i}"', more="  inptu = 1\n"))), VALIDATE),
    ("an undeclared name in each block", 500, main(lambda n: lines(n, lambda i: data(f"item_{i}", f"local.l{i}"))), VALIDATE),
    ("a syntax error in each block", 200, main(lambda n: lines(n, lambda i: data(f"item_{i}", "= 1"))), VALIDATE),
    ("one syntax error after many blocks", 1000, main(lambda n: lines(n, lambda i: data(f"item_{i}", f'"x{i}"')) + 'resource "terraform_data" "last" {\n  input = = 1\n}\n'), VALIDATE),
    ("blocks of one name twice", 500, main(lambda n: lines(n, lambda i: data(f"item_{i // 2}", f'"x{i}"'))), VALIDATE),
]
