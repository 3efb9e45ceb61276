//! What of a listed object is asked for: the members that its resource file reads, as a `fields` parameter.
//!
//! A member that is read whole stands for all below it. A list whose call says how long a page is has pages; the others know no
//! token of a next one. What is so deep that the address would grow long is asked for by its
//! first members alone.

use std::collections::BTreeMap;

use super::api::Ask;
use super::spec::{Part, Place, Shape, Spec};

/// The longest list of members that is said in full.
const LONGEST: usize = 1500;

/// The members that are asked for; one with none below it is asked for whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Members(BTreeMap<String, Option<Members>>);

impl Members {
    /// Asks for a member whole.
    fn whole(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            self.0.insert(first.clone(), None);
        } else if let Some(below) = self.below(first) {
            below.whole(rest);
        }
    }

    /// Gives what is asked for of a member; nothing where it is asked for whole.
    fn below(&mut self, name: &str) -> Option<&mut Members> {
        self.0.entry(name.to_string()).or_insert_with(|| Some(Members::default())).as_mut()
    }

    fn forget(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [name] => drop(self.0.remove(*name)),
            [name, rest @ ..] => {
                if let Some(Some(below)) = self.0.get_mut(*name) {
                    below.forget(rest);
                }
            }
        }
    }

    fn text(&self, depth: usize) -> String {
        let members = self.0.iter().map(|(name, below)| match below {
            Some(below) if depth > 0 && !below.0.is_empty() => {
                let inner = below.text(depth - 1);
                if below.0.len() == 1 && !inner.contains('(') {
                    format!("{name}/{inner}")
                } else {
                    format!("{name}({inner})")
                }
            }
            _ => name.clone(),
        });
        members.collect::<Vec<_>>().join(",")
    }
}

/// Gives a request for a list that asks for no more than is read.
pub fn masked<'a>(ask: Ask<'a>, spec: &Spec, items: &str, aggregated: bool) -> Ask<'a> {
    // What a user's own type reads is held against nothing.
    let open = spec.base.is_none() && !ask.path.contains("fields=");
    let Some(fields) = listed(spec, items, aggregated).filter(|_| open) else {
        return ask;
    };
    let mark = if ask.path.contains('?') { '&' } else { '?' };
    let has_pages = ["maxResults=", "pageSize="].iter().any(|size| ask.path.contains(size));
    let next = if has_pages { ",nextPageToken" } else { "" };
    Ask { path: format!("{}{mark}fields={fields}{next}", ask.path), ..ask }
}

/// Gives the `fields` of a list of objects: `items` holds them, in each of several scopes where `aggregated` says so. Nothing where
/// the file does not say what is read.
pub fn listed(spec: &Spec, items: &str, aggregated: bool) -> Option<String> {
    let mut root = Members::default();
    read(&[], &spec.parts, &mut root);
    for member in &spec.made {
        root.forget(&member.split('.').collect::<Vec<_>>());
    }
    // What holds the list is the object itself: its elements are other things.
    if root.0.is_empty() || root.0.contains_key(items) {
        return None;
    }
    for member in beside(spec) {
        let first = member.split('.').next().unwrap_or(member);
        root.whole(&[first.to_string()]);
    }
    let full = root.text(usize::MAX);
    let members = if full.len() > LONGEST { root.text(0) } else { full };
    let scope = if aggregated { "items/*/" } else { "" };
    Some(format!("{scope}{items}({members})"))
}

/// Gives the members that are looked at beside the attributes.
fn beside(spec: &Spec) -> impl Iterator<Item = &str> {
    let by = spec.list.iter().map(|list| list.by.as_str());
    let gone = spec.read.iter().flat_map(|call| call.gone_when.iter().map(|(path, _)| path));
    let pick = spec.read.iter().filter_map(|call| call.pick.as_ref());
    let pick = pick.flat_map(|pick| pick.by.iter().map(|(member, _)| member));
    let rests = spec.rests.iter().map(|rests| rests.field.as_str());
    let own = spec.discover.iter().flat_map(|discover| &discover.own);
    let own = own.flat_map(|own| {
        let same = own.same.iter().map(|(member, _)| member.as_str());
        std::iter::once(own.member.as_str()).chain(own.names.as_deref()).chain(same)
    });
    let hooks = spec.looks_at.iter().map(String::as_str);
    by.chain(gone.map(String::as_str))
        .chain(pick.map(String::as_str))
        .chain(rests)
        .chain(own)
        .chain(hooks)
        .filter(|member| !member.is_empty())
}

/// Asks for what the parts of an object read; `here` is where that object stands. Says whether there was any.
fn read(here: &[String], parts: &[Part], root: &mut Members) -> bool {
    let mut any = false;
    for part in parts {
        let Some(Place { root: absolute, path }) = &part.read else { continue };
        any = true;
        let place = if *absolute { path.clone() } else { [here, path].concat() };
        match &part.shape {
            Shape::Block { parts, keyed: None, present, .. } if part.codec.is_none() => {
                let present = present.as_ref().and_then(|present| present.split('.').next());
                if let Some(present) = present {
                    root.whole(&[&place[..], &[present.to_string()]].concat());
                }
                // Of a block of which nothing is read it is told whether it is there.
                if !read(&place, parts, root) && present.is_none() {
                    root.whole(&place);
                }
            }
            _ => root.whole(&place),
        }
    }
    any
}
