//! Reads a resource file with the project's own parser. An unknown word is a problem, not a silence.

use std::collections::BTreeMap;

use crate::addr::Mode;
use crate::diag::{Diagnostic, FileId, Span, has_errors};
use crate::http::Method;
use crate::schema::Given;
use crate::syntax;
use crate::syntax::tree::{Block, Body as Tree, ExprKind};
use crate::value::Type;

use super::codec::Codec;
use super::shared::{SharedRow, shared_parts};
use super::spec::{
    Body, Call, Change, Checks, Discover, How, List, Member, Moves, Need, OperationKind, Own, Part,
    Pick, Place, Rests, Shape, Spec, Update, Wire,
};
use super::stays::strangers;
use super::template::Template;
use super::words::{Word, Words, word};
use super::{equal, risks};

/// Reads a file's one resource or data source.
///
/// # Errors
/// What is wrong with the file.
pub fn read(text: &str, shared: &[SharedRow], hooks: &[&str]) -> Result<Spec, Vec<Diagnostic>> {
    let (file, mut problems) = syntax::parse(FileId::default(), text);
    let spec = file.body.blocks.first().map(|block| spec(block, shared, hooks, &mut problems));
    match spec {
        Some(spec) if !has_errors(&problems) => Ok(spec),
        Some(_) => Err(problems),
        None => {
            problems.push(Diagnostic::error("Empty resource file", "The file has no resource."));
            Err(problems)
        }
    }
}

/// Reads all resources and data sources of a file, each with the place of its block's head.
///
/// # Errors
/// What is wrong with the file.
pub fn read_all(id: FileId, text: &str) -> Result<Vec<(Spec, Span)>, Vec<Diagnostic>> {
    let (file, mut problems) = syntax::parse(id, text);
    let stray = file.body.attributes.iter().map(|attribute| attribute.name.span);
    let known = |block: &&Block| {
        matches!(block.kind.text.as_str(), "resource" | "data") && block.labels.len() == 1
    };
    let strange = file.body.blocks.iter().filter(|block| !known(block)).map(|block| block.header);
    problems.extend(stray.chain(strange).map(|span| {
        let detail = "Here stand only blocks `resource \"TYPE\"` and `data \"TYPE\"`.";
        Diagnostic::error("Invalid resource file", detail).at(span, "")
    }));
    let blocks = file.body.blocks.iter().filter(known);
    let specs = blocks.map(|block| (spec(block, &[], &[], &mut problems), block.header)).collect();
    if has_errors(&problems) { Err(problems) } else { Ok(specs) }
}

fn spec(
    block: &Block,
    shared: &[SharedRow],
    hooks: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Spec {
    let mode = match block.kind.text.as_str() {
        "data" => Mode::Data,
        "ephemeral" => Mode::Ephemeral,
        _ => Mode::Managed,
    };
    let type_name = block.labels.first().map(|label| label.text.clone()).unwrap_or_default();
    let span = block.header;
    let parts = parts(&block.body, shared, problems);
    let rpcs = block
        .body
        .blocks("rpc")
        .map(|rpc| {
            let name = rpc.labels.first().map(|label| label.text.clone()).unwrap_or_default();
            let mut words = Words::of_body(&rpc.body, rpc.header, problems);
            let call = call_words(&mut words);
            words.finish();
            (name, call)
        })
        .filter_map(|(name, call)| Some((name, call?)))
        .collect();
    let risks = risks::read(&block.body, problems);
    let mut words = Words::of_body(&block.body, span, problems);
    let mut spec = Spec {
        mode,
        type_name,
        like: words.choice("like", &[("resource", true)], false),
        service: words.text("service").unwrap_or_default(),
        base: words.text("base"),
        object: words.text("object").unwrap_or_default(),
        schema_version: words.count("schema_version").unwrap_or(0) as u64,
        id: Template::parse(&words.text("id").unwrap_or_default()),
        import: words.texts("import").iter().map(|text| Template::parse(text)).collect(),
        import_sets: Vec::new(),
        labels: words.text("labels"),
        serves: words.texts("serves"),
        locks: words.texts("locks").iter().map(|text| Template::parse(text)).collect(),
        inside: templates(words.take("inside")),
        goes_if: words.text("goes_if"),
        needs: needs(&mut words),
        create: None,
        read: None,
        list: None,
        discover: None,
        update: Update { how: How::Never, call: None, precondition: None },
        delete: None,
        rpcs,
        operation: words.choice(
            "operation",
            &[
                ("standard", OperationKind::Standard),
                ("gke", OperationKind::Gke),
                ("compute", OperationKind::Compute),
                ("sql", OperationKind::Sql),
            ],
            OperationKind::None,
        ),
        rests: None,
        timeouts: BTreeMap::new(),
        exactly_one_of: groups(words.take("exactly_one_of")),
        at_least_one_of: groups(words.take("at_least_one_of")),
        hook: words.text("hook"),
        looks_at: words.texts("looks_at"),
        made: words.texts("made"),
        parts,
        risks,
    };
    calls(&mut spec, &mut words);
    if let Some(Word::Object(fields)) = words.take("import_sets") {
        let value = |word: &Word| word.value(&Type::Bool).or_else(|| word.value(&Type::String));
        spec.import_sets =
            fields.iter().filter_map(|(name, word)| Some((name.clone(), value(word)?))).collect();
    }
    if let Some(Word::Object(fields)) = words.take("timeouts") {
        let seconds = |word: &Word| word.text().and_then(|text| equal::duration_seconds(&text));
        for (name, _) in fields.iter().filter(|(_, word)| seconds(word).is_none()) {
            words.problem(format!("The timeout `{name}` is no duration like \"20m\"."));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "timeouts are small"
        )]
        let times =
            fields.iter().filter_map(|(name, word)| Some((name.clone(), seconds(word)? as u64)));
        spec.timeouts = times.collect();
    }
    if let Some(hook) = &spec.hook
        && !hooks.contains(&hook.as_str())
    {
        words.problem(format!("There is no hook \"{hook}\"."));
    }
    for name in strangers(&spec.parts) {
        words.problem(format!("There is no attribute \"{name}\" to follow."));
    }
    words.finish();
    spec
}

fn templates(word: Option<Word>) -> BTreeMap<String, Template> {
    let Some(Word::Object(fields)) = word else { return BTreeMap::new() };
    let template = |word: Word| Some(Template::parse(&word.text()?));
    fields.into_iter().filter_map(|(name, word)| Some((name, template(word)?))).collect()
}

fn needs(words: &mut Words<'_>) -> Vec<Need> {
    let Some(Word::List(rows)) = words.take("needs") else { return Vec::new() };
    let need = |row| {
        let mut inner = Words::of_word(row, words.span, words.problems);
        let need = Need {
            when: inner.texts("when"),
            permissions: inner.texts("permissions"),
            with: inner.text("with"),
            at: inner.text("at"),
        };
        inner.finish();
        need
    };
    rows.into_iter().map(need).collect()
}

fn groups(word: Option<Word>) -> Vec<Vec<String>> {
    match word {
        Some(Word::List(words)) => words.iter().filter_map(Word::texts).collect(),
        _ => Vec::new(),
    }
}

fn calls(spec: &mut Spec, words: &mut Words<'_>) {
    spec.create = call(words.take("create"), words);
    spec.read = call(words.take("read"), words);
    spec.delete = call(words.take("delete"), words);
    if let Some(list) = words.take("list") {
        let mut inner = Words::of_word(list, words.span, words.problems);
        let (items, by) = (inner.text("items"), inner.text("by"));
        let call = call_words(&mut inner);
        inner.finish();
        if let (Some(call), Some(items), Some(by)) = (call, items, by) {
            spec.list = Some(List { call, items, by });
        }
    }
    if let Some(discover) = words.take("discover") {
        spec.discover = Some(discovering(discover, words));
    }
    if let Some(update) = words.take("update") {
        let mut inner = Words::of_word(update, words.span, words.problems);
        let how = inner.choice("how", HOWS, How::Never);
        let precondition = inner.text("precondition");
        let call = call_words(&mut inner);
        inner.finish();
        spec.update = Update { how, call, precondition };
    }
    if let Some(rests) = words.take("rests") {
        let mut inner = Words::of_word(rests, words.span, words.problems);
        spec.rests = Some(Rests {
            field: inner.text("field").unwrap_or_default(),
            ready: inner.texts("ready"),
            failed: inner.texts("failed"),
        });
        inner.finish();
    }
}

const HOWS: &[(&str, How)] = &[
    ("none", How::Never),
    ("client", How::Client),
    ("merge", How::Merge),
    ("query_mask", How::QueryMask),
    ("body_mask", How::BodyMask),
    ("subset", How::Subset),
    ("whole", How::Whole),
    ("fields", How::Fields),
];

fn discovering(word: Word, words: &mut Words<'_>) -> Discover {
    let mut inner = Words::of_word(word, words.span, words.problems);
    let items = inner.text("items");
    let places = inner.text("places").map(|text| Template::parse(&text));
    let aggregated = inner.flag("aggregated");
    let of = templates(inner.take("of"));
    let without = inner.texts("without");
    let rows = match inner.take("own") {
        Some(Word::List(rows)) => rows,
        _ => Vec::new(),
    };
    let mut own = Vec::new();
    for row in rows {
        let mut words = Words::of_word(row, inner.span, inner.problems);
        own.push(Own {
            member: words.text("member").unwrap_or_default(),
            like: regex(&mut words, "like"),
            same: texts_of(words.take("same")),
            names: words.text("names"),
            below: words.text("below"),
            why: words.text("why").unwrap_or_default(),
        });
        words.finish();
    }
    let held_by = match inner.take("held_by") {
        Some(Word::Object(fields)) => fields.into_iter().collect(),
        _ => Vec::new(),
    };
    let held_by =
        held_by.into_iter().filter_map(|(name, word)| Some((name, word.texts()?))).collect();
    let never = inner.text("never");
    let list = call_words(&mut inner).zip(items);
    inner.finish();
    Discover { list, places, aggregated, of, without, own, held_by, never }
}

/// Gives a word that is a pattern.
fn regex(words: &mut Words<'_>, name: &'static str) -> Option<regex::Regex> {
    match regex::Regex::new(&words.text(name)?) {
        Ok(regex) => Some(regex),
        Err(error) => {
            words.problem(format!("The regex is wrong: {error}."));
            None
        }
    }
}

fn call(word: Option<Word>, words: &mut Words<'_>) -> Option<Call> {
    let mut inner = Words::of_word(word?, words.span, words.problems);
    let call = call_words(&mut inner);
    inner.finish();
    call
}

fn call_words(words: &mut Words<'_>) -> Option<Call> {
    const METHODS: [(&str, Method); 5] = [
        ("get", Method::GET),
        ("post", Method::POST),
        ("put", Method::PUT),
        ("patch", Method::PATCH),
        ("delete", Method::DELETE),
    ];
    let mut found = None;
    for (name, method) in METHODS {
        if let Some(path) = words.text(name) {
            found = Some((method, Template::parse(&path)));
        }
    }
    let body = match words.take("body") {
        None => Body::Whole,
        Some(Word::Name(name)) if name == "none" => Body::None,
        Some(word) => word.text().map_or(Body::Whole, Body::In),
    };
    let with = match words.take("with") {
        Some(Word::Object(fields)) => {
            fields.into_iter().map(|(name, word)| (name, member(word))).collect()
        }
        _ => Vec::new(),
    };
    let gone_when = texts_of(words.take("gone_when"));
    let denied_is_gone = words.flag("denied_is_gone");
    let asleep = words.text("asleep");
    let pick = words.text("pick").map(|items| Pick { items, by: texts_of(words.take("where")) });
    let (method, path) = found?;
    Some(Call { method, path, body, with, gone_when, denied_is_gone, asleep, pick })
}

/// Gives the fields of an object that are texts.
fn texts_of(word: Option<Word>) -> Vec<(String, String)> {
    let Some(Word::Object(fields)) = word else { return Vec::new() };
    fields.into_iter().filter_map(|(name, word)| Some((name, word.text()?))).collect()
}

fn member(word: Word) -> Member {
    match word {
        Word::Text(text) => Member::Text(Template::parse(&text)),
        other => Member::Fixed(other.json()),
    }
}

/// Reads the attributes and blocks of a body.
pub(super) fn parts(
    body: &Tree,
    shared: &[SharedRow],
    problems: &mut Vec<Diagnostic>,
) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some(attributes) = body.attribute("attributes")
        && let ExprKind::Object(items) = &attributes.expr.kind
    {
        for item in items {
            match (item.key.literal(), word(&item.value)) {
                (Some(name), Some(word)) => {
                    let words = Words::of_word(word, item.value.span, problems);
                    parts.push(attribute(name, words));
                }
                _ => problems.push(
                    Diagnostic::error(
                        "Invalid resource file",
                        "An attribute is not in the words of resource files.",
                    )
                    .at(item.value.span, ""),
                ),
            }
        }
    }
    for block in body.blocks("block") {
        parts.push(nested(block, shared, problems));
    }
    parts
}

fn attribute(name: String, mut words: Words<'_>) -> Part {
    let (ty, integer) = match words.take("type") {
        Some(word) => match ty(&word) {
            Some(found) => found,
            None => {
                words.problem(format!("The attribute \"{name}\" has no such type."));
                (Type::Any, false)
            }
        },
        None => {
            words.problem(format!("The attribute \"{name}\" has no type."));
            (Type::Any, false)
        }
    };
    let default = words.take("default").and_then(|word| {
        let value = word.value(&ty);
        if value.is_none() {
            words.problem(format!("The default of \"{name}\" is not of its type."));
        }
        value
    });
    let mut part = common(name, Shape::Attribute { ty, integer }, &mut words);
    part.default = default;
    words.finish();
    part
}

fn ty(word: &Word) -> Option<(Type, bool)> {
    match word {
        Word::Name(name) => match name.as_str() {
            "string" => Some((Type::String, false)),
            "bool" => Some((Type::Bool, false)),
            "any" => Some((Type::Any, false)),
            "int" => Some((Type::Number, true)),
            "float" => Some((Type::Number, false)),
            _ => None,
        },
        Word::Call(name, arguments) => {
            let (element, integer) = ty(arguments.first()?)?;
            match name.as_str() {
                "list" => Some((Type::list(element), integer)),
                "set" => Some((Type::set(element), integer)),
                "map" => Some((Type::map(element), integer)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn nested(block: &Block, shared: &[SharedRow], problems: &mut Vec<Diagnostic>) -> Part {
    let name = block.labels.first().map(|label| label.text.clone()).unwrap_or_default();
    let mut parts = parts(&block.body, shared, problems);
    let mut words = Words::of_body(&block.body, block.header, problems);
    if let Some(name) = words.text("shared") {
        let calls = words.take("calls").map(|calls| calls.json());
        match shared_parts(&name, calls.as_ref(), shared, words.problems) {
            Ok(found) => parts.extend(found),
            Err(problem) => words.problem(problem),
        }
    }
    let max = words.count("max_items");
    let shape = Shape::Block {
        set: words.choice("kind", &[("set", true), ("list", false)], false),
        min: words.count("min_items").unwrap_or(0),
        max,
        single: words.flag("single") || max == Some(1),
        keyed: words.text("keyed"),
        present: words.text("present"),
        counts: words.flag("counts"),
        parts,
    };
    let part = common(name, shape, &mut words);
    words.finish();
    part
}

fn common(name: String, shape: Shape, words: &mut Words<'_>) -> Part {
    let given = match (words.flag("required"), words.flag("optional"), words.flag("computed")) {
        (true, false, false) => Given::Required,
        (true, ..) => {
            words.problem(format!("\"{name}\" is required, so neither optional nor computed."));
            Given::Required
        }
        (_, true, true) => Given::OptionalOrService,
        (_, true, false) => Given::Optional,
        (_, false, true) => Given::Service,
        (false, false, false) => {
            words.problem(format!("\"{name}\" is neither required, optional nor computed."));
            Given::Optional
        }
    };
    let api = words.text("api").map(|text| place(&text));
    let codec = words.text("codec").and_then(|text| {
        let codec = Codec::named(&text);
        if codec.is_none() {
            words.problem(format!("There is no codec \"{text}\"."));
        }
        codec
    });
    let suppress = words.text("suppress").filter(|rule| {
        let known = equal::is_rule(rule);
        if !known {
            words.problem(format!("There is no rule \"{rule}\"."));
        }
        known
    });
    Part {
        name,
        shape,
        given,
        replaces: words.flag("replaces"),
        default: None,
        sensitive: words.flag("sensitive"),
        write_only: words.flag("write_only"),
        never_kept: words.flag("never_kept"),
        quiet: words.flag("quiet"),
        deprecated: words.text("deprecated"),
        beta: words.take("beta").map(|word| matches!(word, Word::Bool(true))),
        read: other_place(words.text("read"), &api),
        write: other_place(words.text("write"), &api),
        wire: words.choice(
            "wire",
            &[("text", Wire::Text), ("bool", Wire::Bool), ("number", Wire::Number)],
            Wire::Plain,
        ),
        codec,
        keep: words.flag("keep"),
        volatile: moves(words),
        kept: words.texts("kept"),
        fill: words.text("fill"),
        known: words.text("known").map(|text| Template::parse(&text)),
        expand: words.text("expand"),
        suppress,
        normalize: words.text("normalize"),
        zero_if: words.text("zero_if"),
        change: change(words),
        checks: checks(words),
    }
}

fn moves(words: &mut Words<'_>) -> Option<Moves> {
    match words.take("volatile")? {
        Word::Bool(true) => Some(Moves::Always),
        names @ Word::List(_) => names.texts().map(Moves::With),
        _ => None,
    }
}

fn place(text: &str) -> Place {
    let (root, text) = match text.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let path = text.split('.').filter(|name| !name.is_empty()).map(str::to_string).collect();
    Place { root, path }
}

fn other_place(text: Option<String>, api: &Option<Place>) -> Option<Place> {
    match text.as_deref() {
        None => api.clone(),
        Some("none") => None,
        Some(text) => Some(place(text)),
    }
}

fn change(words: &mut Words<'_>) -> Option<Change> {
    let word = words.take("update")?;
    let mut inner = Words::of_word(word, words.span, words.problems);
    let change = Change {
        rpc: inner.text("rpc").unwrap_or_else(|| "update".into()),
        field: inner.text("field"),
        wrap: inner.text("wrap"),
        group: inner.text("group"),
        absent: inner.take("absent").map(|word| word.json()),
        force_send: inner.flag("force_send"),
    };
    inner.take("removed_field");
    inner.finish();
    Some(change)
}

fn checks(words: &mut Words<'_>) -> Checks {
    let length = match words.take("length") {
        Some(Word::List(ends)) => match ends.as_slice() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "lengths are small"
            )]
            [Word::Number(low), Word::Number(high)] => Some((*low as usize, *high as usize)),
            _ => None,
        },
        _ => None,
    };
    let regex = regex(words, "regex");
    Checks {
        one_of: words.texts("one_of"),
        min: words.number("min"),
        max: words.number("max"),
        length,
        regex,
        conflicts_with: words.texts("conflicts_with"),
        required_with: words.texts("required_with"),
        min_items: words.count("min_items"),
        max_items: words.count("max_items"),
    }
}
