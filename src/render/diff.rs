//! Differences of values, laid out as Terraform's users know them.
//!
//! Every line has a place for a symbol: what is made (`+`), removed (`-`), changed (`~`) or left (nothing).
//! What is unchanged is hidden and counted. Where [`Diff::symbols`] is off, the same layout tells a single
//! value.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::document;
use super::loose::loosened;
use super::pairs::{self, Pair};
use super::style::{Ink, Style, counted};
use crate::schema::{Block, BlockKind, Field, Nesting};
use crate::value::{Fields, Kind, Path, Type, Value};

/// What becomes of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Keep,
    Create,
    Delete,
    Update,
}

/// Lays out differences.
pub(super) struct Diff<'a> {
    pub(super) style: Style,
    /// Whether there is a column for symbols.
    pub(super) symbols: bool,
    /// Whether unchanged parts are shown too.
    pub(super) whole: bool,
    /// The parts whose change replaces the object.
    pub(super) replaces: &'a [Path],
}

/// Adds spaces.
fn push_spaces(text: &mut String, number: usize) {
    const MANY: &str = "                                ";
    let mut missing = number;
    while missing > 0 {
        let portion = missing.min(MANY.len());
        text.push_str(&MANY[..portion]);
        missing -= portion;
    }
}

/// What most lines have room in.
const LINE: usize = 64;

/// Where a part is.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// How deep, in steps of four columns.
    pub(super) depth: usize,
    /// The way from the whole.
    pub(super) path: Path,
    /// Whether a removed part says `-> null`.
    pub(super) says_null: bool,
    /// Whether it is in a value whose type the schema leaves open: null is told as a value there.
    pub(super) loose: bool,
}

impl Spot {
    pub(super) fn new(depth: usize) -> Spot {
        Spot { depth, path: Path::root(), says_null: true, loose: false }
    }

    /// The place of a value whose type is left open.
    pub(super) fn loose(depth: usize) -> Spot {
        Spot { loose: true, ..Spot::new(depth) }
    }

    fn inside(&self, path: Path) -> Spot {
        Spot { depth: self.depth + 1, path, ..*self }
    }
}

/// Tells what becomes of a part from its two sides; null is nothing.
pub(super) fn act(before: Option<&Value>, after: Option<&Value>) -> Act {
    let is_there = |side: Option<&Value>| side.is_some_and(|value| !value.is_null());
    match (is_there(before), is_there(after)) {
        (false, false) => Act::Keep,
        (false, true) => Act::Create,
        (true, false) => Act::Delete,
        (true, true) if before == after => Act::Keep,
        (true, true) => Act::Update,
    }
}

impl Diff<'_> {
    /// Gives the start of a line: indentation and symbol.
    pub(super) fn lead(&self, depth: usize, act: Act) -> String {
        let mut lead = String::with_capacity(depth * 4 + 16);
        self.push_lead(&mut lead, depth, act);
        lead
    }

    /// Adds the start of a line.
    fn push_lead(&self, text: &mut String, depth: usize, act: Act) {
        push_spaces(text, depth * 4);
        if !self.symbols {
            return;
        }
        let (ink, symbol) = match act {
            Act::Keep => (Ink::Dim, " "),
            Act::Create => (Ink::Create, "+"),
            Act::Delete => (Ink::Delete, "-"),
            Act::Update => (Ink::Update, "~"),
        };
        text.push_str("  ");
        if self.style.color && act != Act::Keep {
            text.push_str(&self.style.paint(ink, symbol));
        } else {
            text.push_str(symbol);
        }
        text.push(' ');
    }

    /// Adds a line that tells a part by its name.
    fn push_part(
        &self,
        text: &mut String,
        at: (usize, Act),
        (name, width): (&str, usize),
        value: &str,
    ) {
        self.push_lead(text, at.0, at.1);
        text.push_str(name);
        let length = if name.is_ascii() { name.len() } else { name.chars().count() };
        push_spaces(text, width.saturating_sub(length));
        text.push_str(" = ");
        text.push_str(value);
        text.push('\n');
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.style.paint(Ink::Dim, text)
    }

    fn arrow(&self) -> String {
        self.style.paint(Ink::Update, "->")
    }

    /// Adds to the first line that this part replaces the object.
    fn forced(&self, path: &Path, text: String) -> String {
        if !self.replaces.contains(path) {
            return text;
        }
        let remark = self.style.paint(Ink::Delete, "# forces replacement");
        match text.split_once('\n') {
            Some((first, rest)) => format!("{first} {remark}\n{rest}"),
            None => format!("{text} {remark}"),
        }
    }

    /// Tells a part's difference; the first line goes on after `name = `.
    pub(super) fn value(
        &self,
        before: Option<&Value>,
        after: Option<&Value>,
        spot: &Spot,
    ) -> String {
        let is_secret = |side: Option<&Value>| side.is_some_and(Value::is_sensitive);
        let act = act(before, after);
        let text = if is_secret(before) || is_secret(after) {
            let null =
                if act == Act::Delete && spot.says_null { self.null() } else { String::new() };
            format!("(sensitive value){null}")
        } else {
            match (act, before, after) {
                (Act::Update, Some(before), Some(after)) => self.changed(before, after, spot),
                (Act::Delete, Some(before), _) => {
                    let null = if spot.says_null { self.null() } else { String::new() };
                    self.one(before, Act::Delete, spot.depth) + &null
                }
                (act, _, Some(after)) => self.one(after, act, spot.depth),
                (act, Some(before), None) => self.one(before, act, spot.depth),
                (_, None, None) => self.dim("null"),
            }
        };
        let is_hidden = |side: Option<&Value>| side.is_some_and(|side| !side.is_known());
        let told = is_secret(before) || is_secret(after) || is_hidden(after);
        // Of an open type only a part of it is said to replace the object, or what is not shown.
        if spot.loose && spot.path.0.len() <= 1 && !told {
            return text;
        }
        if is_hidden(after) && self.replaces.contains(&spot.path) {
            // What will be known later has no first line of its own.
            let remark = self.style.paint(Ink::Delete, "# forces replacement");
            return format!("{text} {remark}");
        }
        self.forced(&spot.path, text)
    }

    /// Tells a part of an object or a list of which the type is left open, where null is a value too.
    fn loose_part(
        &self,
        before: Option<&Value>,
        after: Option<&Value>,
        spot: &Spot,
    ) -> (Act, String) {
        let act = match (before, after) {
            (None, _) => Act::Create,
            (_, None) => Act::Delete,
            (Some(before), Some(after)) if before == after => Act::Keep,
            (Some(before), Some(after)) if before.is_null() && !after.is_known() => Act::Create,
            (Some(_), Some(_)) => Act::Update,
        };
        let both = before.zip(after).filter(|(before, after)| before.is_null() != after.is_null());
        match both.filter(|_| act == Act::Update) {
            Some((before, after)) if !before.is_sensitive() && !after.is_sensitive() => {
                let before = self.one(before, Act::Delete, spot.depth);
                let after = self.one(after, Act::Create, spot.depth);
                (act, format!("{before} {} {after}", self.arrow()))
            }
            _ => (act, self.value(before, after, &Spot { says_null: false, ..spot.clone() })),
        }
    }

    fn null(&self) -> String {
        self.dim(" -> null")
    }

    fn changed(&self, before: &Value, after: &Value, spot: &Spot) -> String {
        match (before.kind(), after.kind()) {
            (_, Kind::Unknown(..)) => {
                let before = self.one(before, Act::Delete, spot.depth);
                format!("{before} {} (known after apply)", self.arrow())
            }
            (Kind::String(before), Kind::String(after)) => {
                document::changed(self, before, after, spot)
            }
            (Kind::Set(..), Kind::Set(..)) => self.changed_set(before, after, spot),
            (Kind::Tuple(before), Kind::Tuple(after)) if spot.loose => {
                self.elements(&pairs::of_tuples(before, after), spot)
            }
            (Kind::List(..) | Kind::Tuple(_), Kind::List(..) | Kind::Tuple(_)) => {
                self.changed_list(before, after, spot)
            }
            (Kind::Map(..) | Kind::Object(_), Kind::Map(..) | Kind::Object(_)) => {
                self.changed_fields(before, after, spot)
            }
            _ => {
                let before = self.one(before, Act::Delete, spot.depth);
                format!("{before} {} {}", self.arrow(), self.one(after, Act::Create, spot.depth))
            }
        }
    }

    /// Tells one value, all of whose parts are made, removed or left.
    pub(super) fn one(&self, value: &Value, act: Act, depth: usize) -> String {
        let Some(kind) = value.shown() else { return "(sensitive value)".to_string() };
        let end = |bracket: &str| format!("{}{bracket}", self.lead(depth, Act::Keep));
        match kind {
            Kind::Unknown(..) => "(known after apply)".to_string(),
            Kind::Null(ty) => self.null_of(ty, depth),
            Kind::Bool(value) => value.to_string(),
            Kind::Number(number) if number.to_i64() == Some(0) => "0".to_string(),
            Kind::Number(number) => number.to_string(),
            Kind::String(text) => document::one(self, text, act, depth),
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
                if parts.is_empty() {
                    return "[]".to_string();
                }
                let mut text = String::from("[\n");
                for part in parts.iter() {
                    text += &self.lead(depth + 1, act);
                    text += &self.one(part, act, depth + 1);
                    text += ",\n";
                }
                text + &end("]")
            }
            Kind::Map(_, fields) | Kind::Object(fields) => {
                if fields.is_empty() {
                    return "{}".to_string();
                }
                let quoted = matches!(kind, Kind::Map(..));
                let names: Vec<String> = fields.keys().map(|name| key(name, quoted)).collect();
                let width = widest(&names);
                let mut text = String::from("{\n");
                for (name, part) in names.iter().zip(fields.values()) {
                    let comma = if quoted { comma(Some(part)) } else { "" };
                    let part = self.one(part, act, depth + 1) + comma;
                    self.push_part(&mut text, (depth + 1, act), (name, width), &part);
                }
                text + &end("}")
            }
        }
    }

    /// Tells what there is nothing of: as empty, where a type says what it would be.
    fn null_of(&self, ty: &Type, depth: usize) -> String {
        match ty {
            Type::Any | Type::Bool | Type::Number | Type::String => self.dim("null"),
            Type::Map(_) | Type::Object(_) => "{}".to_string(),
            Type::List(_) | Type::Set(_) => "[]".to_string(),
            Type::Tuple(parts) => {
                let parts = parts.iter().map(|ty| Value::null(ty.clone())).collect();
                self.one(&Value::tuple(parts), Act::Keep, depth)
            }
        }
    }

    fn changed_fields(&self, before: &Value, after: &Value, spot: &Spot) -> String {
        let is_map = matches!(after.kind(), Kind::Map(..));
        let mut names: Vec<&str> = [before, after]
            .iter()
            .filter_map(|side| side.fields())
            .flatten()
            .map(|(name, _)| &**name)
            .collect();
        names.sort_unstable();
        names.dedup();
        let shown: Vec<String> = names.iter().map(|name| key(name, is_map)).collect();
        let width = widest(&shown);
        let mut text = String::from("{\n");
        let mut hidden = 0;
        for (name, shown) in names.iter().zip(&shown) {
            let (before, after) = (before.field(name), after.field(name));
            let path = if is_map { spot.path.key(name) } else { spot.path.attribute(*name) };
            let inside = spot.inside(path);
            // A field that comes or goes with the value null has no symbol of its own.
            let (act, value) = match spot.loose {
                true => self.loose_part(before, after, &inside),
                false => (act(before, after), String::new()),
            };
            // The members of a map are no attributes, unless its type is left open.
            let telling = (spot.loose || !is_map) && self.tells(name);
            if act == Act::Keep && !telling && !self.whole {
                hidden += 1;
                continue;
            }
            let value = if spot.loose { value } else { self.value(before, after, &inside) };
            let comma = if is_map && !spot.loose { comma(after.or(before)) } else { "" };
            text += &self.seal_remark(before, after, spot.depth + 1);
            self.push_part(&mut text, (spot.depth + 1, act), (shown, width), &(value + comma));
        }
        text += &self.hidden(spot.depth + 1, hidden, if is_map { "element" } else { "attribute" });
        text + &self.lead(spot.depth, Act::Keep) + "}"
    }

    /// Says how many parts are hidden, in a line of its own; nothing where there are none.
    pub(super) fn hidden(&self, depth: usize, number: usize, noun: &str) -> String {
        if number == 0 || self.style.concise {
            return String::new();
        }
        let (count, rest) = (counted(number, noun), "hidden");
        let (number, noun) = count.split_once(' ').unwrap_or((&count, ""));
        let remark = self.dim(&format!("# ({number} unchanged {noun} {rest})"));
        format!("{}{remark}\n", self.lead(depth, Act::Keep))
    }

    /// Says whether a field is shown even where it does not change.
    fn tells(&self, name: &str) -> bool {
        TELLING.contains(&name) && !self.style.concise
    }

    fn changed_list(&self, before: &Value, after: &Value, spot: &Spot) -> String {
        let (before, after) = (before.elements().unwrap_or(&[]), after.elements().unwrap_or(&[]));
        self.elements(&pairs::of_lists(before, after), spot)
    }

    fn changed_set(&self, before: &Value, after: &Value, spot: &Spot) -> String {
        let (before, after) = (before.elements().unwrap_or(&[]), after.elements().unwrap_or(&[]));
        self.elements(&pairs::of_sets(before, after), spot)
    }

    /// Tells paired elements; of the unchanged ones only the neighbours of changes.
    fn elements(&self, pairs: &[Pair<'_>], spot: &Spot) -> String {
        let is_kept = |at: usize| pairs.get(at).is_none_or(|(before, after)| same(*before, *after));
        let mut text = String::from("[\n");
        let mut hidden = 0;
        for (at, (before, after)) in pairs.iter().enumerate() {
            let kept = is_kept(at);
            if kept && is_kept(at.wrapping_sub(1)) && is_kept(at + 1) && !self.whole {
                hidden += 1;
                continue;
            }
            text += &self.hidden(spot.depth + 1, std::mem::take(&mut hidden), "element");
            let act = match (before, after) {
                _ if kept => Act::Keep,
                (None, _) => Act::Create,
                (_, None) => Act::Delete,
                (Some(_), Some(_)) => Act::Update,
            };
            let inside = Spot { says_null: false, ..spot.inside(spot.path.place(at)) };
            let value = match act {
                Act::Create | Act::Keep => self.one(after.unwrap_or(&NULL), act, inside.depth),
                Act::Delete => self.one(before.unwrap_or(&NULL), act, inside.depth),
                Act::Update if spot.loose => {
                    let (act, value) = self.loose_part(*before, *after, &inside);
                    text += &self.seal_remark(*before, *after, spot.depth + 1);
                    text += &format!("{}{value},\n", self.lead(spot.depth + 1, act));
                    continue;
                }
                Act::Update => self.value(*before, *after, &Spot { says_null: true, ..inside }),
            };
            text += &format!("{}{value},\n", self.lead(spot.depth + 1, act));
        }
        text += &self.hidden(spot.depth + 1, hidden, "element");
        text + &self.lead(spot.depth, Act::Keep) + "]"
    }
}

/// Stands for the side that an element does not have.
static NULL: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::null(Type::Any));

fn same(before: Option<&Value>, after: Option<&Value>) -> bool {
    before.is_some() && before == after
}

/// Writes a key: of a map always in quotes, of an object only where it is no name.
fn key(name: &str, quoted: bool) -> String {
    let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let is_name =
        name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(fits);
    if quoted || !is_name { document::quote(name) } else { name.to_string() }
}

/// Gives what stands behind an object in a map.
fn comma(part: Option<&Value>) -> &'static str {
    let shown = part.and_then(Value::shown);
    let is_object =
        shown.is_some_and(|kind| matches!(kind, Kind::Object(_) | Kind::Null(Type::Object(_))));
    if is_object { "," } else { "" }
}

fn widest(names: &[String]) -> usize {
    names.iter().map(|name| name.chars().count()).max().unwrap_or_default()
}

/// Names that are shown even where they do not change: they tell which object it is.
const TELLING: [&str; 3] = ["id", "name", "tags"];

impl Diff<'_> {
    /// Tells the fields of an object by its schema: attributes, then blocks; each line ends with a newline.
    pub(super) fn body(
        &self,
        fields: Option<&BTreeMap<String, Field>>,
        before: Option<&Value>,
        after: Option<&Value>,
        spot: &Spot,
    ) -> String {
        let (mut attributes, mut blocks) = (Vec::new(), Vec::new());
        for (name, before, after) in sides(before, after) {
            let field = fields.and_then(|fields| fields.get(name));
            match field.map(|field| (&field.nesting, field.sensitive)) {
                Some((Nesting::Block(block), secret)) => {
                    blocks.push(((name, block, secret), (before, after)));
                }
                _ => attributes.push((name, field, before, after)),
            }
        }
        let mut text = self.attributes(attributes, spot);
        let mut hidden = 0;
        for (block, sides) in blocks {
            let (shown, kept) = self.blocks(block, sides, spot);
            text += &shown;
            hidden += kept;
        }
        if hidden > 0 {
            text += "\n";
            text += &self.hidden(spot.depth, hidden, "block");
        }
        text
    }

    fn attributes(&self, mut attributes: Vec<Attribute<'_>>, spot: &Spot) -> String {
        attributes.retain(|(_, field, before, after)| {
            let there = |side: &Option<&Value>| side.is_some_and(|value| !value.is_null());
            let quiet = !self.whole && field.is_some_and(|field| field.quiet);
            !quiet && (there(before) || there(after))
        });
        let width = attributes.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
        let (mut text, mut hidden) = (String::with_capacity(attributes.len() * LINE), 0);
        for (name, field, before, after) in attributes {
            let is_open = field.is_some_and(|field| field.ty == Type::Any);
            let (before, after) = (told_by(field, before), told_by(field, after));
            let (before, after) = (before.as_deref(), after.as_deref());
            let act = act(before, after);
            let telling = self.tells(name);
            if act == Act::Keep && !telling && !self.whole {
                hidden += 1;
                continue;
            }
            text += &self.seal_remark(before, after, spot.depth);
            let inside = Spot { path: self.attribute(spot, name), loose: is_open, ..*spot };
            let value = self.value(before, after, &inside);
            self.push_part(&mut text, (spot.depth, act), (name, width), &value);
        }
        text + &self.hidden(spot.depth, hidden, "attribute")
    }

    /// Gives the way to an attribute; none where nothing is looked up by it.
    fn attribute(&self, spot: &Spot, name: &str) -> Path {
        match self.replaces.is_empty() && spot.path.0.is_empty() {
            true => Path::root(),
            false => spot.path.attribute(name),
        }
    }

    /// Says that a value becomes, or is no longer, a secret.
    fn seal_remark(&self, before: Option<&Value>, after: Option<&Value>, depth: usize) -> String {
        let (Some(before), Some(after)) = (before, after) else { return String::new() };
        if before.is_null() || before.is_sensitive() == after.is_sensitive() {
            return String::new();
        }
        let (word, then) = match after.is_sensitive() {
            true => ("will be marked as sensitive and will not", "after applying this change."),
            false => ("will no longer be marked as sensitive", "after applying this change."),
        };
        let lead = " ".repeat(depth * 4 + 2);
        let warning = self.style.paint(Ink::Update, "Warning");
        let second = if after.is_sensitive() { "display in UI output " } else { "" };
        let alone = if before.clone().without_marks() == after.clone().without_marks() {
            " The value is unchanged."
        } else {
            ""
        };
        format!("{lead}# {warning}: this attribute value {word}\n{lead}# {second}{then}{alone}\n")
    }

    /// Tells the blocks of one name, and counts those that are hidden.
    fn blocks(
        &self,
        (name, block, secret): (&str, &Block, bool),
        (before, after): Pair<'_>,
        spot: &Spot,
    ) -> (String, usize) {
        if after.is_some_and(|after| !after.is_known()) {
            let act =
                if blocks_of(before, block.kind).is_empty() { Act::Create } else { Act::Update };
            let line = format!("\n{}{name} (known after apply)\n", self.lead(spot.depth, act));
            return (line, 0);
        }
        let mut text = String::new();
        let mut hidden = 0;
        let whole_secret = |side: Option<&Value>| side.is_some_and(Value::is_sensitive);
        let path = spot.path.attribute(name);
        // A set of which a part is secret is one as a whole.
        let secret = secret || [before, after].into_iter().any(whole_secret);
        for (step, (before, after)) in block_pairs(block.kind, before, after) {
            let path = step.as_ref().map_or(path.clone(), |step| match step {
                Place::Number(place) => path.place(*place),
                Place::Name(key) => path.key(key),
            });
            let act = act(before, after);
            if act == Act::Keep && !self.whole {
                hidden += 1;
                continue;
            }
            let label = match &step {
                Some(Place::Name(key)) => format!(" {}", document::quote(key)),
                _ => String::new(),
            };
            let inside = Spot { path: path.clone(), ..Spot::new(spot.depth + 1) };
            let is_secret = secret || [before, after].into_iter().any(whole_secret);
            let body = if is_secret {
                let lead = self.lead(inside.depth, Act::Keep);
                format!(
                    "{lead}# At least one attribute in this block is (or was) sensitive,\n{lead}# so its contents will not be displayed.\n"
                )
            } else {
                self.body(Some(&block.fields), before, after, &inside)
            };
            let lead = self.lead(spot.depth, act);
            let body = body.strip_prefix('\n').map(str::to_string).unwrap_or(body);
            let shown = if body.is_empty() {
                self.forced(&path, format!("{lead}{name}{label} {{}}"))
            } else {
                let end = self.lead(spot.depth, Act::Keep);
                self.forced(&path, format!("{lead}{name}{label} {{\n{body}{end}}}"))
            };
            text += &format!("\n{shown}\n");
        }
        (text, hidden)
    }
}

/// Which of several blocks.
enum Place {
    Number(usize),
    Name(String),
}

/// An attribute's name, what the schema says of it, and its two sides.
type Attribute<'v> = (&'v str, Option<&'v Field>, Option<&'v Value>, Option<&'v Value>);

/// Gives the names of both sides' fields in their order, each with what the sides have.
fn sides<'v>(
    before: Option<&'v Value>,
    after: Option<&'v Value>,
) -> Vec<(&'v str, Option<&'v Value>, Option<&'v Value>)> {
    let of = |side: Option<&'v Value>| side.and_then(Value::fields);
    let (before, after) = (of(before), of(after));
    let mut sides = Vec::with_capacity(before.or(after).map_or(0, Fields::len));
    let fields = |side: Option<&'v Fields>| side.into_iter().flatten();
    for (name, value) in fields(before) {
        sides.push((&**name, Some(value), after.and_then(|after| after.get(name))));
    }
    let known = sides.len();
    for (name, value) in fields(after) {
        if before.is_none_or(|before| before.get(name).is_none()) {
            sides.push((&**name, None, Some(value)));
        }
    }
    // The fields of one side stand in their order.
    if known > 0 && sides.len() > known {
        sides.sort_unstable_by_key(|(name, ..)| *name);
    }
    sides
}

/// Gives an attribute's side as its field has it told: sealed, or without what its open type adds.
fn told_by<'v>(field: Option<&Field>, value: Option<&'v Value>) -> Option<Cow<'v, Value>> {
    let (value, field) = (value?, field);
    let secret = field.is_some_and(|field| field.sensitive) && !value.is_null();
    let is_open = field.is_some_and(|field| field.ty == Type::Any);
    Some(match (secret, is_open) {
        (false, false) => Cow::Borrowed(value),
        (false, true) => loosened(value),
        (true, false) => Cow::Owned(value.clone().sensitive()),
        (true, true) => Cow::Owned(loosened(&value.clone().sensitive()).into_owned()),
    })
}

fn side<'v>(whole: Option<&'v Value>, name: &str) -> Option<&'v Value> {
    whole.and_then(|whole| whole.field(name))
}

fn blocks_of(value: Option<&Value>, kind: BlockKind) -> Vec<&Value> {
    match (kind, value) {
        (_, None) => Vec::new(),
        (BlockKind::Single, Some(value)) => {
            (!value.is_null()).then_some(value).into_iter().collect()
        }
        (BlockKind::List | BlockKind::Set | BlockKind::Map, Some(value)) => value.parts().collect(),
    }
}

fn block_pairs<'v>(
    kind: BlockKind,
    before: Option<&'v Value>,
    after: Option<&'v Value>,
) -> Vec<(Option<Place>, Pair<'v>)> {
    let (old, new) = (blocks_of(before, kind), blocks_of(after, kind));
    match kind {
        BlockKind::Single if old.is_empty() && new.is_empty() => Vec::new(),
        BlockKind::Single => vec![(None, (old.first().copied(), new.first().copied()))],
        BlockKind::List => (0..old.len().max(new.len()))
            .map(|at| (Some(Place::Number(at)), (old.get(at).copied(), new.get(at).copied())))
            .collect(),
        BlockKind::Set => {
            let kept = old
                .iter()
                .map(|block| (None, (Some(*block), new.contains(block).then_some(*block))));
            let come = new.iter().filter(|block| !old.contains(block));
            kept.chain(come.map(|block| (None, (None, Some(*block))))).collect()
        }
        BlockKind::Map => {
            let mut names: Vec<&str> = [before, after]
                .into_iter()
                .flatten()
                .filter_map(Value::fields)
                .flatten()
                .map(|(name, _)| &**name)
                .collect();
            names.sort_unstable();
            names.dedup();
            let place = |name: &str| Some(Place::Name(name.to_string()));
            names
                .into_iter()
                .map(|name| (place(name), (side(before, name), side(after, name))))
                .collect()
        }
    }
}
