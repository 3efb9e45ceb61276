//! Drift of many stacks: the same cause over several of them is told once.

use serde_json::{Value as Json, json};

use super::style::{Ink, Style, counted};
use crate::drift::stacks::{Group, Stack, groups};

/// Tells the findings of stacks.
pub fn text(stacks: &[Stack], style: &Style) -> String {
    let style = *style;
    let mut text = String::new();
    let groups = groups(stacks);
    for group in groups.iter().filter(|group| !group[0].1.quiet) {
        text += &told_of(group, style);
    }
    for stack in stacks {
        for note in &stack.notes {
            text += &format!("Note: {}: {note}\n", stack.name);
        }
        if let Err(why) = &stack.found {
            text += &style.paint(Ink::BoldRed, &format!("{} could not be looked at\n", stack.name));
            text += &format!("{}\n\n", why.trim_end());
        }
    }
    text + &summary(stacks, &groups, style)
}

fn told_of(group: &Group<'_>, style: Style) -> String {
    let (stack, told) = &group[0];
    let mut names: Vec<&str> = group.iter().map(|(stack, _)| stack.name.as_str()).collect();
    names.dedup();
    let head = match names.as_slice() {
        [_] => format!("In {}:\n", stack.name),
        _ => format!("In {}: {}\n", counted(names.len(), "stack"), names.join(", ")),
    };
    let mut text = style.paint(Ink::Bold, &head) + &told.text;
    if group.len() > 1 {
        text = format!("{}\n    the same:\n", text.trim_end());
        for (stack, told) in &group[1..] {
            text += &format!("      {} in {}\n", told.name, stack.name);
        }
        text.push('\n');
    }
    text
}

fn summary(stacks: &[Stack], groups: &[Group<'_>], style: Style) -> String {
    let failed = stacks.iter().filter(|stack| stack.found.is_err()).count();
    let looked_at: usize = stacks.iter().map(|stack| stack.looked_at).sum();
    let found = groups.iter().map(Vec::len).sum::<usize>();
    let drifted = stacks.iter().filter(|stack| has_drift(stack)).count();
    let head = match (found, failed) {
        (0, 0) => style.paint(Ink::BoldGreen, "No drift."),
        (0, _) => style.paint(Ink::Bold, "No drift where it was looked."),
        _ => style.paint(Ink::Bold, "Drift:"),
    };
    let mut text = format!(
        "{head} {found} found with {}, in {drifted} of {}, {} looked at",
        counted(groups.len(), "cause"),
        counted(stacks.len(), "stack"),
        counted(looked_at, "object")
    );
    if failed > 0 {
        text += &format!("; {} could not be looked at", counted(failed, "stack"));
    }
    text + ".\n"
}

/// Says whether something is left to decide in a stack.
pub fn has_drift(stack: &Stack) -> bool {
    stack.found.iter().flatten().any(|told| !told.settled)
}

/// Gives the document of stacks.
pub fn json(stacks: &[Stack]) -> Json {
    let causes = groups(stacks);
    let causes = causes.iter().map(|group| {
        let where_ =
            group.iter().map(|(stack, told)| json!({ "stack": stack.name, "name": told.name }));
        json!({ "in": where_.collect::<Vec<Json>>(), "finding": group[0].1.json })
    });
    let each = stacks.iter().map(|stack| {
        let findings = stack.found.iter().flatten().map(|told| told.json.clone());
        json!({
            "stack": stack.name,
            "checked": stack.looked_at,
            "drift": has_drift(stack),
            "error": stack.found.as_ref().err(),
            "findings": findings.collect::<Vec<Json>>(),
            "notes": stack.notes,
        })
    });
    json!({
        "format_version": "2.0",
        "causes": causes.collect::<Vec<Json>>(),
        "stacks": each.collect::<Vec<Json>>(),
    })
}
