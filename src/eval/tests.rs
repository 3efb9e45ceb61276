//! Laws of evaluation: rounds, needs, blocks by a schema, and sizes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Answer, Asked, Evaluation, Evaluator, Inputs, Oracle, Schemas};
use crate::addr::{Address, Mode};
use crate::config::{Config, Memory, load};
use crate::diag::{Diagnostic, Sources, has_errors};
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Type, Value};

/// One provider, `test`, with one resource type and one data source of the same fields.
struct Types;

fn fields() -> BTreeMap<String, Field> {
    let given = |name: &str, ty, given| (name.to_string(), Field::attribute(ty, given));
    let port = BTreeMap::from([
        given("number", Type::Number, Given::Required),
        given("name", Type::String, Given::Optional),
    ]);
    let secret = Field::attribute(Type::String, Given::Service).sensitive();
    BTreeMap::from([
        given("id", Type::String, Given::Service),
        given("name", Type::String, Given::Optional),
        given("labels", Type::map(Type::String), Given::Optional),
        ("secret".to_string(), secret),
        ("port".to_string(), Field::block(BlockKind::List, 0, Some(3), port.clone())),
        ("only".to_string(), Field::block(BlockKind::Single, 0, Some(1), port)),
    ])
}

impl Schemas for Types {
    fn provider(&self, source: &str) -> Option<Arc<Schema>> {
        let fields = [("host".to_string(), Field::attribute(Type::String, Given::Optional))].into();
        (source == "hashicorp/test").then(|| Arc::new(Schema { fields, ..Schema::default() }))
    }

    fn resource(&self, _: &str, _: Mode, type_name: &str) -> Option<Arc<Schema>> {
        (type_name == "test_thing")
            .then(|| Arc::new(Schema { fields: fields(), ..Schema::default() }))
    }

    fn type_names(&self, _: &str, _: Mode) -> Vec<String> {
        vec!["test_thing".into()]
    }
}

/// Answers with what is given, else with unknown ids; counts the questions.
#[derive(Default)]
struct World {
    known: BTreeMap<String, Value>,
    pending: Vec<String>,
    asked: Vec<String>,
}

impl Oracle for World {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        let address = asked.address.to_string();
        self.asked.push(address.clone());
        if self.pending.contains(&address) {
            return Answer::Pending;
        }
        let config = &asked.instance.config;
        let id = self.known.get(&address).cloned();
        let secret = id.clone().unwrap_or(Value::unknown_not_null(Type::String));
        let id = id.unwrap_or(Value::unknown_not_null(Type::String));
        Answer::Known(config.with_field("id", id).with_field("secret", secret))
    }
}

struct Case {
    config: Config,
    sources: Sources,
    inputs: Inputs,
}

fn case(files: &[(&str, &str)]) -> Case {
    let files = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_string()));
    let mut sources = Sources::default();
    let (config, problems) = load(Path::new(""), &mut sources, &Memory(files.collect()));
    assert!(!has_errors(&problems), "{problems:?}");
    Case { config, sources, inputs: Inputs::default() }
}

impl Case {
    fn evaluator(&self) -> Evaluator<'_> {
        Evaluator::new(&self.config, &self.sources, &self.inputs, &Types)
    }

    fn evaluate(&self) -> Evaluation {
        self.evaluator().evaluate(&mut World::default())
    }
}

fn address(name: &str) -> Address {
    name.parse().expect("the test's own address")
}

fn told(problems: &[Diagnostic]) -> Vec<String> {
    problems.iter().map(|problem| format!("{}: {}", problem.summary, problem.detail)).collect()
}

#[test]
fn needs_go_through_locals_modules_and_outputs() {
    let case = case(&[
        (
            "main.tf",
            "resource \"test_thing\" \"a\" {}\nlocals { x = test_thing.a.id }\n\
             module \"m\" {\n  source = \"./m\"\n  in = local.x\n}\n\
             resource \"test_thing\" \"b\" { name = module.m.out }\n",
        ),
        ("m/main.tf", "variable \"in\" {}\noutput \"out\" { value = upper(var.in) }\n"),
    ]);

    let evaluation = case.evaluate();

    let b = &evaluation.desired.instances[&address("test_thing.b")];
    assert_eq!(told(&evaluation.problems), Vec::<String>::new());
    assert_eq!(b.needs, [address("test_thing.a")].into());
}

#[test]
fn needs_do_not_depend_on_what_is_known() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\nresource \"test_thing\" \"b\" {\n  \
         name = try(\"x\", test_thing.a.id)\n  labels = { for k in [] : k => test_thing.a.id }\n  \
         dynamic \"port\" {\n    for_each = []\n    content { number = test_thing.c.id }\n  }\n}\n\
         resource \"test_thing\" \"c\" {}\n",
    )]);

    let evaluation = case.evaluate();

    let b = &evaluation.desired.instances[&address("test_thing.b")];
    assert_eq!(b.needs, [address("test_thing.a"), address("test_thing.c")].into());
}

#[test]
fn an_instance_needs_only_the_instance_that_it_names() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" { count = 2 }\nresource \"test_thing\" \"b\" {\n  count = 2\n  \
         name = test_thing.a[count.index].id\n}\nresource \"test_thing\" \"c\" { name = join(\",\", test_thing.a[*].id) }\n",
    )]);

    let desired = case.evaluate().desired;

    assert_eq!(
        desired.instances[&address("test_thing.b[1]")].needs,
        [address("test_thing.a[1]")].into()
    );
    assert_eq!(desired.instances[&address("test_thing.c")].needs, [address("test_thing.a")].into());
}

#[test]
fn depends_on_of_a_module_reaches_all_in_it() {
    let case = case(&[
        (
            "main.tf",
            "resource \"test_thing\" \"a\" {}\nmodule \"m\" {\n  source = \"./m\"\n  depends_on = [test_thing.a]\n}\n\
             resource \"test_thing\" \"z\" { depends_on = [module.m] }\n",
        ),
        ("m/main.tf", "resource \"test_thing\" \"b\" {}\n"),
    ]);

    let desired = case.evaluate().desired;

    let inner = address("module.m.test_thing.b");
    assert_eq!(desired.instances[&inner].depends_on, [address("test_thing.a")].into());
    assert_eq!(desired.instances[&address("test_thing.z")].depends_on, [inner].into());
}

#[test]
fn each_round_asks_for_each_instance_once() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\nresource \"test_thing\" \"b\" { name = test_thing.a.id }\n\
         resource \"test_thing\" \"c\" {}\n",
    )]);
    let mut evaluator = case.evaluator();
    let known = ["a", "b", "c"].map(|name| (format!("test_thing.{name}"), Value::string("x")));
    let mut world =
        World { known: known.into(), pending: vec!["test_thing.a".into()], ..World::default() };

    let first = evaluator.evaluate(&mut world);
    world.pending.clear();
    world.asked.clear();
    let second = evaluator.evaluate(&mut world);

    assert!(first.pending && !second.pending);
    assert_eq!(world.asked, ["test_thing.a", "test_thing.b", "test_thing.c"]);
    let b = &second.desired.instances[&address("test_thing.b")];
    assert_eq!(b.config.field("name"), Some(&Value::string("x")));
}

#[test]
fn after_a_round_what_is_known_is_not_asked_again() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\nresource \"test_thing\" \"b\" { name = test_thing.a.id }\n\
         resource \"test_thing\" \"c\" { name = test_thing.b.id }\n",
    )]);
    let mut evaluator = case.evaluator();
    let known = [("test_thing.a".to_string(), Value::string("x"))];
    let mut world = World { known: known.into(), ..World::default() };
    evaluator.evaluate(&mut world);
    world.asked.clear();

    let c = evaluator.instance(&address("test_thing.c"), &mut world);

    assert!(c.is_ok());
    assert_eq!(world.asked, ["test_thing.b"]);
}

#[test]
fn an_instance_is_evaluated_again_when_its_needs_are_known() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\nresource \"test_thing\" \"b\" { name = \"n-${test_thing.a.id}\" }\n",
    )]);
    let mut evaluator = case.evaluator();
    let mut world = World::default();
    let before = evaluator.evaluate(&mut world);
    world.known.insert("test_thing.a".into(), Value::string("1"));

    let after = evaluator.instance(&address("test_thing.b"), &mut world).expect("it is declared");

    let b = &before.desired.instances[&address("test_thing.b")];
    assert!(b.config.field("name").is_some_and(|name| !name.is_known()));
    assert_eq!(after.config.field("name"), Some(&Value::string("n-1")));
}

#[test]
fn blocks_and_dynamic_blocks_make_one_list() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {\n  port { number = 1 }\n  dynamic \"port\" {\n    for_each = { b = 2 }\n    \
         iterator = it\n    content {\n      number = it.value\n      name = it.key\n    }\n  }\n}\n",
    )]);

    let evaluation = case.evaluate();

    let a = &evaluation.desired.instances[&address("test_thing.a")];
    let port = |number: i64, name: Value| {
        Value::object([("number", Value::number(number)), ("name", name)])
    };
    let ports = [port(1, Value::null(Type::String)), port(2, Value::string("b"))];
    assert_eq!(told(&evaluation.problems), Vec::<String>::new());
    assert_eq!(a.config.field("port").and_then(Value::elements), Some(&ports[..]));
    assert!(a.config.field("only").is_some_and(Value::is_null));
}

#[test]
fn a_dynamic_block_over_an_unknown_is_unknown() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\nresource \"test_thing\" \"b\" {\n  dynamic \"port\" {\n    \
         for_each = toset([test_thing.a.id, \"x\"])\n    content { number = 1 }\n  }\n  dynamic \"port\" {\n    \
         for_each = split(\",\", test_thing.a.id)\n    content { number = 1 }\n  }\n}\n",
    )]);

    let evaluation = case.evaluate();

    let b = &evaluation.desired.instances[&address("test_thing.b")];
    assert!(b.config.field("port").is_some_and(|ports| !ports.is_known()));
    assert_eq!(b.needs, [address("test_thing.a")].into());
}

#[test]
fn what_a_schema_does_not_allow_is_told() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {\n  nam = 1\n  labels = \"x\"\n  port {}\n  prt {}\n  \
         only { number = 1 }\n  only { number = 2 }\n}\n",
    )]);

    let problems = told(&case.evaluate().problems);

    assert_eq!(
        problems,
        [
            "Unsupported argument: An argument named \"nam\" is not expected here. Did you mean \"name\"?",
            "Unsupported block type: Blocks of type \"prt\" are not expected here. Did you mean \"port\"?",
            "Incorrect attribute value type: Inappropriate value for attribute \"labels\": map of string required.",
            "Duplicate only block: Only one block of type \"only\" is allowed. Previous definition was at main.tf:6,3-7.",
            "Missing required argument: The argument \"number\" is required, but no definition was found.",
        ]
    );
}

#[test]
fn secrets_of_the_schema_are_marked_where_they_are_referred_to() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\noutput \"o\" {\n  value = \"x${test_thing.a.secret}\"\n  sensitive = true\n}\n\
         output \"p\" { value = test_thing.a.secret }\n",
    )]);

    let evaluation = case.evaluate();

    assert!(evaluation.desired.outputs["o"].value.is_sensitive());
    assert_eq!(evaluation.problems.len(), 1);
    assert_eq!(evaluation.problems[0].summary, "Output refers to sensitive values");
}

#[test]
fn a_provider_block_tells_what_each_argument_needs() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\nprovider \"test\" {\n  alias = \"x\"\n  host = test_thing.a.id\n}\n\
         resource \"test_thing\" \"b\" { provider = test.x }\n",
    )]);

    let desired = case.evaluate().desired;

    let b = &desired.instances[&address("test_thing.b")];
    let provider = &desired.providers[&b.provider];
    assert_eq!(b.provider.alias.as_deref(), Some("x"));
    assert_eq!(provider.needs["host"], [address("test_thing.a")].into());
    assert!(b.needs.is_empty());
}

#[test]
fn an_instance_waits_for_what_its_conditions_refer_to() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {}\nresource \"test_thing\" \"b\" {\n  lifecycle {\n    precondition {\n      \
         condition = test_thing.a.id != \"x\"\n      error_message = \"no\"\n    }\n  }\n}\n",
    )]);

    let evaluation = case.evaluate();

    assert_eq!(told(&evaluation.problems), Vec::<String>::new());
    let b = &evaluation.desired.instances[&address("test_thing.b")];
    assert_eq!(b.needs, [address("test_thing.a")].into());
}

#[test]
fn the_json_form_writes_blocks_as_properties() {
    let case = case(&[(
        "main.tf.json",
        "{\"resource\": {\"test_thing\": {\"a\": {\"port\": [{\"number\": 1}], \"only\": {\"number\": 2}, \
         \"dynamic\": {\"port\": {\"for_each\": [3], \"content\": {\"number\": \"${port.value}\"}}}}}}}",
    )]);

    let evaluation = case.evaluate();

    assert_eq!(told(&evaluation.problems), Vec::<String>::new());
    let a = &evaluation.desired.instances[&address("test_thing.a")].config;
    assert_eq!(a.field("port").and_then(Value::elements).map(<[Value]>::len), Some(2));
    assert_eq!(a.field("only").and_then(|only| only.field("number")), Some(&Value::number(2i64)));
}

#[test]
fn imports_are_made_for_each_key() {
    let case = case(&[
        (
            "main.tf",
            "import {\n  for_each = { x = \"id-1\" }\n  to = test_thing.a[each.key]\n  id = each.value\n}\n\
         import {\n  to = module.m[0].test_thing.b[\"k\"]\n  id = \"id-2\"\n}\n\
         resource \"test_thing\" \"a\" { for_each = toset([\"x\"]) }\nmodule \"m\" {\n  source = \"./m\"\n  count = 1\n}\n",
        ),
        ("m/main.tf", "resource \"test_thing\" \"b\" { for_each = toset([\"k\"]) }\n"),
    ]);

    let (found, problems) = case.evaluator().imports(&mut World::default());

    let found: Vec<String> =
        found.iter().map(|import| format!("{} {}", import.to, import.id)).collect();
    assert_eq!(told(&problems), Vec::<String>::new());
    assert_eq!(found, ["test_thing.a[\"x\"] id-1", "module.m[0].test_thing.b[\"k\"] id-2"]);
}

#[test]
fn a_cycle_names_all_its_members_and_the_way() {
    let case = case(&[(
        "main.tf",
        "locals {\n  a = local.b\n  b = test_thing.c.id\n}\nresource \"test_thing\" \"c\" { name = local.a }\n",
    )]);

    let problems = case.evaluate().problems;

    assert_eq!(problems[0].summary, "Cycle: local.a (expand), local.b (expand), test_thing.c");
    assert_eq!(problems[0].help[0], "local.a refers to local.b at main.tf:2.");
}

#[test]
fn ten_thousand_names_in_a_row_are_evaluated_flat() {
    let mut text = String::from("locals {\n  x0 = 0\n");
    for place in 1..10_000 {
        text.push_str(&format!("  x{place} = local.x{} + 1\n", place - 1));
    }
    text.push_str("}\noutput \"o\" { value = local.x9999 }\n");
    let case = case(&[("main.tf", &text)]);

    let evaluation = case.evaluate();

    assert_eq!(evaluation.desired.outputs["o"].value, Value::number(9999i64));
}

#[test]
fn ten_thousand_instances_are_a_matter_of_a_moment() {
    let case = case(&[(
        "main.tf",
        "resource \"test_thing\" \"a\" {\n  count = 5000\n  name = \"a-${count.index}\"\n}\n\
         resource \"test_thing\" \"b\" {\n  count = 5000\n  name = test_thing.a[count.index].name\n  \
         labels = { of = test_thing.a[count.index].id }\n}\noutput \"o\" { value = length(test_thing.b) }\n",
    )]);

    let evaluation = case.evaluate();

    assert_eq!(evaluation.desired.instances.len(), 10_000);
    assert_eq!(evaluation.desired.outputs["o"].value, Value::number(5000i64));
}
