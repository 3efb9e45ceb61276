//! Laws of evaluation, held on expressions made by chance: seeds are fixed, and printed where a law is broken.
//!
//! Nothing makes it panic. Knowing more never changes what was known. A secret decides nothing that is not
//! secret. Names are evaluated to the same whatever they are called and wherever they stand.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use terrane::addr::Mode;
use terrane::config::{Memory, load};
use terrane::diag::{Sources, has_errors};
use terrane::eval::{Answer, Asked, Evaluator, Inputs, Oracle, Schemas};
use terrane::schema::{Field, Given, Schema};
use terrane::value::{Kind, Marks, Type, Value};

/// How many expressions each law is tried on; `TERRANE_LAWS` says otherwise.
const ROUNDS: u64 = 1500;

fn rounds() -> u64 {
    let environment = terrane::cli::Environment::of_process();
    let given = environment.variable("TERRANE_LAWS").and_then(|rounds| rounds.parse().ok());
    given.unwrap_or(ROUNDS)
}

/// Chance that can be repeated.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

/// The types that expressions are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Number,
    Text,
    Truth,
    Numbers,
    Texts,
    Set,
    Map,
    Object,
    Tuple,
}

use Sort::{Map, Number, Numbers, Object, Set, Text, Texts, Truth, Tuple};

const SORTS: [Sort; 9] = [Number, Text, Truth, Numbers, Texts, Set, Map, Object, Tuple];

/// What the world answers, by name: `terraform_data.NAME.output`.
const INPUTS: &[(&str, Sort)] = &[
    ("n0", Number),
    ("n1", Number),
    ("s0", Text),
    ("s1", Text),
    ("b0", Truth),
    ("ln", Numbers),
    ("ls", Texts),
    ("st", Set),
    ("ms", Map),
    ("ob", Object),
    ("tu", Tuple),
];

/// Functions with what they give and take.
const FUNCTIONS: &[(&str, Sort, &[Sort])] = &[
    ("abs", Number, &[Number]),
    ("ceil", Number, &[Number]),
    ("floor", Number, &[Number]),
    ("max", Number, &[Number, Number]),
    ("min", Number, &[Number, Number]),
    ("pow", Number, &[Number, Number]),
    ("signum", Number, &[Number]),
    ("length", Number, &[Texts]),
    ("length", Number, &[Map]),
    ("length", Number, &[Text]),
    ("length", Number, &[Tuple]),
    ("sum", Number, &[Numbers]),
    ("parseint", Number, &[Text, Number]),
    ("tonumber", Number, &[Text]),
    ("index", Number, &[Texts, Text]),
    ("element", Number, &[Numbers, Number]),
    ("upper", Text, &[Text]),
    ("lower", Text, &[Text]),
    ("title", Text, &[Text]),
    ("trimspace", Text, &[Text]),
    ("strrev", Text, &[Text]),
    ("chomp", Text, &[Text]),
    ("join", Text, &[Text, Texts]),
    ("replace", Text, &[Text, Text, Text]),
    ("substr", Text, &[Text, Number, Number]),
    ("format", Text, &[Text, Number]),
    ("tostring", Text, &[Number]),
    ("jsonencode", Text, &[Object]),
    ("jsonencode", Text, &[Tuple]),
    ("base64encode", Text, &[Text]),
    ("sha256", Text, &[Text]),
    ("coalesce", Text, &[Text, Text]),
    ("lookup", Text, &[Map, Text, Text]),
    ("trimprefix", Text, &[Text, Text]),
    ("trimsuffix", Text, &[Text, Text]),
    ("regexall", Texts, &[Text, Text]),
    ("startswith", Truth, &[Text, Text]),
    ("endswith", Truth, &[Text, Text]),
    ("strcontains", Truth, &[Text, Text]),
    ("contains", Truth, &[Texts, Text]),
    ("alltrue", Truth, &[Tuple]),
    ("can", Truth, &[Number]),
    ("tobool", Truth, &[Text]),
    ("reverse", Numbers, &[Numbers]),
    ("slice", Numbers, &[Numbers, Number, Number]),
    ("range", Numbers, &[Number]),
    ("compact", Texts, &[Texts]),
    ("distinct", Texts, &[Texts]),
    ("sort", Texts, &[Texts]),
    ("split", Texts, &[Text, Text]),
    ("keys", Texts, &[Map]),
    ("values", Texts, &[Map]),
    ("concat", Texts, &[Texts, Texts]),
    ("tolist", Texts, &[Set]),
    ("flatten", Tuple, &[Tuple]),
    ("chunklist", Tuple, &[Texts, Number]),
    ("setproduct", Tuple, &[Texts, Texts]),
    ("toset", Set, &[Texts]),
    ("setunion", Set, &[Set, Set]),
    ("setintersection", Set, &[Set, Set]),
    ("setsubtract", Set, &[Set, Set]),
    ("merge", Map, &[Map, Map]),
    ("tomap", Map, &[Object]),
    ("zipmap", Map, &[Texts, Texts]),
    ("merge", Object, &[Object, Map]),
    ("try", Text, &[Text, Text]),
    ("try", Number, &[Number, Number]),
    ("one", Text, &[Texts]),
];

/// Makes expressions.
struct Maker {
    dice: Dice,
    /// Names of loops around.
    names: Vec<(String, Sort)>,
    /// Locals that may be referred to.
    locals: Vec<(String, Sort)>,
}

impl Maker {
    fn expr(&mut self, sort: Sort, depth: usize) -> String {
        // Now and then something of another type stands here.
        let sort = if self.dice.roll(40) == 0 { *self.dice.pick(&SORTS) } else { sort };
        if depth == 0 || self.dice.roll(6) == 0 {
            return self.leaf(sort);
        }
        match self.dice.roll(12) {
            0..=4 => self.call(sort, depth),
            5 => {
                let (condition, yes, no) =
                    (self.inner(Truth, depth), self.inner(sort, depth), self.inner(sort, depth));
                format!("({condition} ? {yes} : {no})")
            }
            6 => format!("({})", self.inner(sort, depth)),
            _ => self.own(sort, depth),
        }
    }

    fn inner(&mut self, sort: Sort, depth: usize) -> String {
        self.expr(sort, depth - 1)
    }

    fn call(&mut self, sort: Sort, depth: usize) -> String {
        let fitting: Vec<_> = FUNCTIONS.iter().filter(|(_, gives, _)| *gives == sort).collect();
        let Some((name, _, takes)) = fitting.get(self.dice.roll(fitting.len())) else {
            return self.own(sort, depth);
        };
        let given: Vec<String> = takes.iter().map(|sort| self.inner(*sort, depth)).collect();
        format!("{name}({})", given.join(", "))
    }

    /// Makes an expression by an operator or a form that gives this type.
    fn own(&mut self, sort: Sort, depth: usize) -> String {
        match sort {
            Number => {
                let op = *self.dice.pick(&["+", "-", "*", "/", "%"]);
                format!("({} {op} {})", self.inner(Number, depth), self.inner(Number, depth))
            }
            Text => match self.dice.roll(3) {
                0 => format!("\"a${{{}}}b\"", self.inner(Text, depth)),
                1 => format!(
                    "\"%{{ if {} }}y${{{}}}%{{ else }}n%{{ endif }}\"",
                    self.inner(Truth, depth),
                    self.inner(Number, depth)
                ),
                _ => format!("{}[{}]", self.inner(Texts, depth), self.inner(Number, depth)),
            },
            Truth => match self.dice.roll(4) {
                0 => format!("(!{})", self.inner(Truth, depth)),
                1 => {
                    let op = *self.dice.pick(&["&&", "||"]);
                    format!("({} {op} {})", self.inner(Truth, depth), self.inner(Truth, depth))
                }
                2 => {
                    let op = *self.dice.pick(&["<", "<=", ">", ">="]);
                    format!("({} {op} {})", self.inner(Number, depth), self.inner(Number, depth))
                }
                _ => {
                    let of = *self.dice.pick(&SORTS);
                    let op = *self.dice.pick(&["==", "!="]);
                    format!("({} {op} {})", self.inner(of, depth), self.inner(of, depth))
                }
            },
            Numbers | Texts | Tuple | Set => self.sequence(sort, depth),
            Map | Object => self.mapping(depth),
        }
    }

    fn sequence(&mut self, sort: Sort, depth: usize) -> String {
        let element = if sort == Numbers { Number } else { Text };
        if self.dice.roll(2) == 0 {
            let (a, b) = (self.inner(element, depth), self.inner(element, depth));
            return format!("[{a}, {b}]");
        }
        if self.dice.roll(4) == 0 {
            let objects = format!("[{}, {}]", self.inner(Object, depth), self.inner(Object, depth));
            return format!("{objects}[*].x");
        }
        let source = *self.dice.pick(&[Numbers, Texts, Set, Map, Tuple]);
        let collection = self.inner(source, depth);
        let name = format!("v{}", self.names.len());
        self.names.push((name.clone(), if source == Numbers { Number } else { Text }));
        let body = self.inner(element, depth);
        let condition = if self.dice.roll(3) == 0 {
            format!(" if {}", self.inner(Truth, depth))
        } else {
            String::new()
        };
        self.names.pop();
        format!("[for {name} in {collection} : {body}{condition}]")
    }

    fn mapping(&mut self, depth: usize) -> String {
        if self.dice.roll(2) == 0 {
            let (a, b) = (self.inner(Text, depth), self.inner(Text, depth));
            return format!("{{ x = {a}, y = {b} }}");
        }
        let source = *self.dice.pick(&[Texts, Set, Map]);
        let collection = self.inner(source, depth);
        let (key, value) = (format!("k{}", self.names.len()), format!("w{}", self.names.len()));
        self.names.push((value.clone(), Text));
        self.names.push((key.clone(), if source == Texts { Number } else { Text }));
        let body = self.inner(Text, depth);
        self.names.truncate(self.names.len() - 2);
        let group = if self.dice.roll(4) == 0 { "..." } else { "" };
        format!("{{ for {key}, {value} in {collection} : \"${{{key}}}\" => {body}{group} }}")
    }

    fn leaf(&mut self, sort: Sort) -> String {
        let names: Vec<String> = self
            .names
            .iter()
            .map(|(name, sort)| (name.clone(), *sort))
            .chain(self.locals.iter().map(|(name, sort)| (format!("local.{name}"), *sort)))
            .chain(
                INPUTS.iter().map(|(name, sort)| (format!("terraform_data.{name}.output"), *sort)),
            )
            .filter(|(_, of)| *of == sort)
            .map(|(name, _)| name)
            .collect();
        if !names.is_empty() && self.dice.roll(3) > 0 {
            return self.dice.pick(&names).clone();
        }
        let texts: &[&str] = match sort {
            Number => &["0", "1", "-1", "2", "3.5", "1e30", "-0", "1/0", "null", "7"],
            Text => &["\"\"", "\"a\"", "\"10\"", "\"true\"", "\"x,y\"", "\"é\\u0301\"", "null"],
            Truth => &["true", "false", "\"true\"", "null"],
            Numbers => &["[]", "[1, 2]", "tolist([3])", "null"],
            Texts => &["[]", "[\"a\", \"b\"]", "tolist([\"x\"])", "[\"\", \"a\"]"],
            Set => &["toset([])", "toset([\"a\", \"b\"])", "[]"],
            Map => &["{}", "tomap({ a = \"x\" })", "{ a = \"1\", b = \"2\" }"],
            Object => &["{ x = 1 }", "{ x = \"a\", y = [] }", "{ x = null }", "{}"],
            Tuple => &["[]", "[1, \"a\", true]", "[[1], []]", "[null]", "[true, true]"],
        };
        (*self.dice.pick(texts)).to_string()
    }
}

/// Gives two values that an input may have, both of one type.
fn values(name: &str) -> [Value; 2] {
    let text = |text: &str| Value::string(text);
    let number = |number: i64| Value::number(terrane::value::Number::from(number));
    let texts = |of: &[&str]| -> Vec<Value> { of.iter().map(|part| text(part)).collect() };
    let map = |of: &[(&str, &str)]| {
        Value::map(Type::String, of.iter().map(|(name, value)| ((*name).to_string(), text(value))))
    };
    match name {
        "n0" => [number(3), number(0)],
        "n1" => [number(-2), number(10)],
        "s0" => [text("hello"), text("")],
        "s1" => [text("a"), text("10")],
        "b0" => [Value::bool(true), Value::bool(false)],
        "ln" => [
            Value::list(Type::Number, vec![number(1), number(2)]),
            Value::list(Type::Number, vec![number(5), number(4), number(0)]),
        ],
        "ls" => [
            Value::list(Type::String, texts(&["a", "b"])),
            Value::list(Type::String, texts(&["b"])),
        ],
        "st" => {
            [Value::set(Type::String, texts(&["a", "z"])), Value::set(Type::String, texts(&["b"]))]
        }
        "ms" => [map(&[("a", "1"), ("b", "2")]), map(&[("a", "x")])],
        "ob" => [
            Value::object([("x", text("p")), ("y", number(1))]),
            Value::object([("x", text("q")), ("y", number(2))]),
        ],
        _ => [Value::tuple(vec![text("p"), number(1)]), Value::tuple(vec![text("q"), number(9)])],
    }
}

/// The schema of `terraform_data`.
struct BuiltIn;

impl Schemas for BuiltIn {
    fn provider(&self, _: &str) -> Option<Arc<Schema>> {
        Some(Arc::new(Schema::default()))
    }

    fn resource(&self, _: &str, _: Mode, _: &str) -> Option<Arc<Schema>> {
        let field = |name: &str, given| (name.to_string(), Field::attribute(Type::Any, given));
        let fields =
            BTreeMap::from([field("input", Given::Optional), field("output", Given::Service)]);
        Some(Arc::new(Schema { fields, ..Schema::default() }))
    }

    fn type_names(&self, _: &str, _: Mode) -> Vec<String> {
        vec!["terraform_data".into()]
    }
}

/// Answers with these outputs.
struct World(BTreeMap<String, Value>);

impl Oracle for World {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        let output = self.0.get(&asked.address.name).cloned();
        let output = output.unwrap_or(Value::null(Type::Any));
        Answer::Known(asked.instance.config.with_field("output", output))
    }
}

/// Makes a world in which `special` says of each input otherwise.
fn world(special: impl Fn(&str) -> Option<Value>) -> World {
    let all = INPUTS.iter().map(|(name, _)| {
        let value = special(name).unwrap_or_else(|| values(name)[0].clone());
        ((*name).to_string(), value)
    });
    World(all.collect())
}

/// Evaluates locals in a world; nothing for those that fail.
fn evaluate(locals: &[(String, String)], mut world: World) -> BTreeMap<String, Option<Value>> {
    let mut text = String::new();
    for (name, _) in INPUTS {
        text.push_str(&format!("resource \"terraform_data\" \"{name}\" {{}}\n"));
    }
    text.push_str("locals {\n");
    for (name, expr) in locals {
        text.push_str(&format!("  {name} = {expr}\n"));
    }
    text.push_str("}\n");
    let folder = Path::new("/w");
    let files = BTreeMap::from([(PathBuf::from("/w/main.tf"), text)]);
    let mut sources = Sources::default();
    let (config, problems) = load(folder, &mut sources, &Memory(files));
    assert!(!has_errors(&problems), "what is made is well formed: {problems:?}");
    let inputs = Inputs {
        workspace: "default".into(),
        cwd: folder.to_path_buf(),
        root: folder.to_path_buf(),
        plan_time: Some(jiff::Timestamp::UNIX_EPOCH),
        ..Inputs::default()
    };
    let mut evaluator = Evaluator::new(&config, &sources, &inputs, &BuiltIn);
    evaluator.evaluate(&mut world);
    let value = |name: &String| {
        let file = terrane::diag::FileId::default();
        let expr = terrane::syntax::parse_expression(file, &format!("local.{name}"), 0).ok()?;
        evaluator.expression(&expr, &mut world).ok()
    };
    let mut value = value;
    locals.iter().map(|(name, _)| (name.clone(), value(name))).collect()
}

fn one(expr: &str, world: World) -> Option<Value> {
    evaluate(&[("v".into(), expr.into())], world).remove("v").flatten()
}

/// Makes the expression of a seed.
fn made(seed: u64) -> String {
    let mut maker = Maker { dice: Dice::new(seed), names: Vec::new(), locals: Vec::new() };
    let sort = *maker.dice.pick(&SORTS);
    let depth = 1 + maker.dice.roll(4);
    maker.expr(sort, depth)
}

/// Says how something that was known before differs from what is known after.
///
/// Types may differ where an unknown had none: then Terraform too decides on one later, and what was a tuple
/// becomes a list of the same elements.
fn contradiction(before: &Value, after: &Value) -> Option<String> {
    let differ = || Some(format!("{before:?} became {after:?}"));
    match (before.kind(), after.kind()) {
        (Kind::Unknown(_, bounds), _) => (bounds.not_null && after.is_null()).then(differ)?,
        (_, Kind::Unknown(..)) => differ(),
        (Kind::Null(_), Kind::Null(_)) => None,
        // A set with unknown elements may lose some of them to others.
        (Kind::Set(ty, a), Kind::Set(_, b)) => {
            let lost = a.iter().any(|part| part.is_whole() && !b.contains(part));
            let wrong = lost || (before.is_whole() && a.len() != b.len());
            (wrong && !ty.has_any()).then(differ)?
        }
        (Kind::Map(_, a) | Kind::Object(a), Kind::Map(_, b) | Kind::Object(b)) => {
            if !a.keys().eq(b.keys()) {
                return differ();
            }
            a.values().zip(b.values()).find_map(|(a, b)| contradiction(a, b))
        }
        (
            Kind::List(_, a) | Kind::Tuple(a),
            Kind::List(_, b) | Kind::Tuple(b) | Kind::Set(_, b),
        ) => {
            if a.len() != b.len() {
                return differ();
            }
            a.iter().zip(&**b).find_map(|(a, b)| contradiction(a, b))
        }
        _ => {
            let converted = terrane::value::convert::convert(before, &after.ty());
            let same = converted.is_ok_and(|value| value.without_marks() == after.without_marks());
            (!same).then(differ)?
        }
    }
}

/// Runs a law on all seeds; panics with the first ten that break it.
fn hold(law: impl Fn(u64) -> Option<String>) {
    let mut broken = Vec::new();
    for seed in 1..=rounds() {
        let found = catch_unwind(AssertUnwindSafe(|| law(seed)));
        let found = found.unwrap_or_else(|_| Some("it panics".into()));
        if let Some(found) = found {
            broken.push(format!("seed {seed}: {}\n  {found}", made(seed)));
            if broken.len() == 10 {
                break;
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn knowing_more_never_changes_what_was_known() {
    hold(|seed| {
        let expr = made(seed);
        let mut dice = Dice::new(seed + 7);
        let hidden: Vec<&str> =
            INPUTS.iter().filter(|_| dice.roll(2) == 0).map(|(name, _)| *name).collect();
        let open = dice.roll(3) == 0;
        let before = one(
            &expr,
            world(|name| {
                let ty = if open { Type::Any } else { values(name)[0].ty() };
                hidden.contains(&name).then(|| Value::unknown(ty))
            }),
        )?;
        let after = one(&expr, world(|_| None))?;
        contradiction(&before, &after)
    });
}

#[test]
fn a_secret_decides_nothing_that_is_not_secret() {
    let secret = Marks { sensitive: true, ..Marks::default() };
    hold(|seed| {
        let expr = made(seed);
        let hidden = *Dice::new(seed + 3).pick(INPUTS);
        let run = |which: usize| {
            let value = values(hidden.0)[which].clone().marked(secret);
            one(&expr, world(|name| (name == hidden.0).then(|| value.clone())))
        };
        let (first, second) = (run(0)?, run(1)?);
        leak(&first, &second)
    });
}

/// Says what of two values differs although it is not secret.
fn leak(first: &Value, second: &Value) -> Option<String> {
    if first.marks().sensitive || second.marks().sensitive {
        return None;
    }
    match (first.kind(), second.kind()) {
        (Kind::List(_, a), Kind::List(_, b))
        | (Kind::Set(_, a), Kind::Set(_, b))
        | (Kind::Tuple(a), Kind::Tuple(b))
            if a.len() == b.len() =>
        {
            a.iter().zip(&**b).find_map(|(a, b)| leak(a, b))
        }
        (Kind::Map(_, a), Kind::Map(_, b)) | (Kind::Object(a), Kind::Object(b))
            if a.keys().eq(b.keys()) =>
        {
            a.values().zip(b.values()).find_map(|(a, b)| leak(a, b))
        }
        (a, b) if a == b => None,
        _ => Some(format!("{first:?} and {second:?} tell the secret")),
    }
}

#[test]
fn names_and_their_order_do_not_matter() {
    hold(|seed| {
        let mut maker = Maker { dice: Dice::new(seed), names: Vec::new(), locals: Vec::new() };
        let mut locals: Vec<(String, String)> = Vec::new();
        for place in 0..5 {
            let sort = *maker.dice.pick(&SORTS);
            let expr = maker.expr(sort, 2);
            // What each is called says nothing of what it needs.
            let name = format!("x{}", (place * 3 + 2) % 5);
            maker.locals.push((name.clone(), sort));
            locals.push((name, expr));
        }
        let forward = evaluate(&locals, world(|_| None));
        locals.reverse();
        let backward = evaluate(&locals, world(|_| None));
        (forward != backward).then(|| format!("{locals:?}\n  {forward:?}\n  {backward:?}"))
    });
}
