//! Override files: `override.tf` and `*_override.tf` change blocks that the other files declare.
//!
//! Done on the tree, before blocks are read: an argument replaces the one of its name, a nested block
//! replaces all of its kind.

use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Block, Body, ExprKind};

/// Says whether a file's name is that of an override file.
pub(super) fn is_override(name: &str) -> bool {
    let base = name.strip_suffix(".json").unwrap_or(name);
    let base = base.strip_suffix(".tf").unwrap_or(base);
    base == "override" || base.ends_with("_override")
}

/// Changes the blocks by those of one override file; gives which were changed, and where by what.
pub(super) fn apply(
    blocks: &mut Vec<Block>,
    changes: Vec<Block>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(Span, Span)> {
    let mut changed = Vec::new();
    for change in changes {
        match change.kind.text.as_str() {
            "locals" => locals(blocks, change, problems),
            "terraform" => terraform(blocks, change),
            "provider" => match find(blocks, &change) {
                Some(place) => merge(&mut blocks[place].body, change.body),
                None => match alias(&change) {
                    Some(alias) => problems.push(missing_alias(&change, &alias)),
                    None => blocks.push(change),
                },
            },
            "moved" | "import" | "check" => problems.push(not_overridden(&change)),
            // Terraform takes no notice of these here either.
            "removed" => {}
            _ => match find(blocks, &change) {
                Some(place) => {
                    refuse_depends_on(&change, problems);
                    changed.push((blocks[place].header, change.header));
                    let mut body = change.body;
                    body.attributes.retain(|attribute| attribute.name.text != "depends_on");
                    count_wins(&mut blocks[place].body, &mut body);
                    merge(&mut blocks[place].body, body);
                }
                None => problems.push(missing(&change)),
            },
        }
    }
    changed
}

/// Leaves `for_each` out where one block has that and the other `count`: Terraform goes by the latter then.
fn count_wins(base: &mut Body, change: &mut Body) {
    let has = |body: &Body, name: &str| body.attribute(name).is_some();
    let one = |body: &Body| !(has(body, "count") && has(body, "for_each"));
    if one(base) && one(change) && (has(base, "count") || has(change, "count")) {
        for body in [base, change] {
            body.attributes.retain(|attribute| attribute.name.text != "for_each");
        }
    }
}

fn not_overridden(change: &Block) -> Diagnostic {
    let (summary, detail) = match change.kind.text.as_str() {
        "moved" => (
            "Cannot override 'moved' blocks",
            "Records of moved objects can appear only in normal files, not in override files.",
        ),
        "import" => (
            "Cannot override 'import' blocks",
            "Import blocks can appear only in normal files, not in override files.",
        ),
        _ => ("Can't override check blocks", "Override files cannot override check blocks."),
    };
    Diagnostic::error(summary, detail).at(change.header, "")
}

fn missing_alias(change: &Block, alias: &str) -> Diagnostic {
    let name = change.labels.first().map_or("", |label| label.text.as_str());
    let detail = format!(
        "There is no {name} provider configuration with the alias \"{alias}\". An override file can only \
         override an aliased provider configuration that was already defined in a primary configuration file."
    );
    Diagnostic::error("Missing base provider configuration for override", detail)
        .at(change.header, "")
}

fn alias(block: &Block) -> Option<String> {
    block.body.attribute("alias").and_then(|attribute| attribute.expr.literal())
}

fn refuse_depends_on(change: &Block, problems: &mut Vec<Diagnostic>) {
    let Some(attribute) = change.body.attribute("depends_on") else { return };
    let span = match &attribute.expr.kind {
        ExprKind::Tuple(elements) => {
            elements.first().map_or(attribute.expr.span, |first| first.span)
        }
        _ => attribute.expr.span,
    };
    let detail = "The depends_on argument may not be overridden.";
    problems.push(Diagnostic::error("Unsupported override", detail).at(span, ""));
}

fn missing(change: &Block) -> Diagnostic {
    let label = |place: usize| change.labels.get(place).map_or("", |label| label.text.as_str());
    let (summary, what, noun) = match change.kind.text.as_str() {
        "variable" => ("Missing base variable declaration to override", "variable", "A variable"),
        "output" => ("Missing base output definition to override", "output", "An output"),
        "module" => ("Missing module call to override", "module call", "A module call"),
        "data" => ("Missing data resource to override", "data resource", "A data resource"),
        _ => ("Missing resource to override", "resource", "A resource"),
    };
    let detail = match change.kind.text.as_str() {
        "variable" => format!(
            "There is no variable named \"{}\". An override file can only override a variable that was \
             already declared in a primary configuration file.",
            label(0)
        ),
        "output" => format!(
            "There is no output named \"{}\". An override file can only override an output that was already \
             defined in a primary configuration file.",
            label(0)
        ),
        "module" => format!(
            "There is no module call named \"{}\". An override file can only override a module call that was \
             defined in a primary configuration file.",
            label(0)
        ),
        kind @ ("resource" | "data") => format!(
            "There is no {} {what} named \"{}\". An override file can only override a {kind} block defined \
             in a primary configuration file.",
            label(0),
            label(1)
        ),
        kind => format!(
            "{noun} block of type \"{kind}\" is not declared in a primary configuration file."
        ),
    };
    Diagnostic::error(summary, detail).at(change.header, "")
}

/// Finds the block that has the same kind and labels; of providers, the same alias too.
fn find(blocks: &[Block], change: &Block) -> Option<usize> {
    let names = |block: &Block| -> Vec<String> {
        block.labels.iter().map(|label| label.text.clone()).collect()
    };
    blocks.iter().position(|block| {
        block.kind.text == change.kind.text
            && names(block) == names(change)
            && (change.kind.text != "provider" || alias(block) == alias(change))
    })
}

fn merge(base: &mut Body, change: Body) {
    for attribute in change.attributes {
        match base.attributes.iter_mut().find(|own| own.name.text == attribute.name.text) {
            Some(own) => *own = attribute,
            None => base.attributes.push(attribute),
        }
    }
    let is_lifecycle = |block: &Block| block.kind.text == "lifecycle";
    let (lifecycles, others): (Vec<Block>, Vec<Block>) =
        change.blocks.into_iter().partition(is_lifecycle);
    base.blocks.retain(|own| !others.iter().any(|block| same_blocks(own, block)));
    base.blocks.extend(others);
    for lifecycle in lifecycles {
        match base.blocks.iter_mut().find(|own| is_lifecycle(own)) {
            Some(own) => merge(&mut own.body, lifecycle.body),
            None => base.blocks.push(lifecycle),
        }
    }
}

/// Says whether a nested block is replaced by another: a `dynamic` block stands for those that it makes.
fn same_blocks(own: &Block, change: &Block) -> bool {
    fn kind(block: &Block) -> &str {
        match (block.kind.text.as_str(), block.labels.first()) {
            ("dynamic", Some(label)) => &label.text,
            (kind, _) => kind,
        }
    }
    kind(own) == kind(change)
}

fn locals(blocks: &mut [Block], mut change: Block, problems: &mut Vec<Diagnostic>) {
    for block in blocks.iter_mut().filter(|block| block.kind.text == "locals") {
        for own in &mut block.body.attributes {
            let place =
                change.body.attributes.iter().position(|new| new.name.text == own.name.text);
            if let Some(place) = place {
                *own = change.body.attributes.remove(place);
            }
        }
    }
    problems.extend(change.body.attributes.iter().map(|attribute| {
        let detail = format!(
            "There is no local value named \"{}\". An override file can only override a local value that was \
             already defined in a primary configuration file.",
            attribute.name.text
        );
        Diagnostic::error("Missing base local value definition to override", detail)
            .at(attribute.span, "")
    }));
}

fn terraform(blocks: &mut Vec<Block>, mut change: Block) {
    let has = |kind: &str| change.body.blocks.iter().any(|block| block.kind.text == kind);
    let place = has("backend") || has("cloud");
    let mut required: Vec<Block> = Vec::new();
    change.body.blocks.retain(|block| {
        let is_required = block.kind.text == "required_providers";
        if is_required {
            required.push(block.clone());
        }
        !is_required
    });
    let replaces_version = change.body.attribute("required_version").is_some();
    for block in blocks.iter_mut().filter(|block| block.kind.text == "terraform") {
        if place {
            block
                .body
                .blocks
                .retain(|inner| !matches!(inner.kind.text.as_str(), "backend" | "cloud"));
        }
        if replaces_version {
            block.body.attributes.retain(|attribute| attribute.name.text != "required_version");
        }
        for own in
            block.body.blocks.iter_mut().filter(|inner| inner.kind.text == "required_providers")
        {
            for new in &mut required {
                let names: Vec<String> = new
                    .body
                    .attributes
                    .iter()
                    .map(|attribute| attribute.name.text.clone())
                    .collect();
                own.body.attributes.retain(|attribute| !names.contains(&attribute.name.text));
            }
        }
    }
    change.body.blocks.extend(required);
    blocks.push(change);
}
