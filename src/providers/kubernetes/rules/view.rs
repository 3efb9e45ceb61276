//! An object as its rules see it: by the API's names, whether it is written as attributes and blocks or as a manifest.

use crate::value::{Path, Value};

use super::super::tables::{List, Node, Nodes};

/// A part of an object, and where it is written.
#[derive(Clone)]
pub(in crate::providers::kubernetes) struct View<'v> {
    pub(super) value: &'v Value,
    pub(super) path: Path,
    nodes: Option<&'v Nodes>,
    /// It is written as attributes and blocks.
    typed: bool,
    /// The API's names of the fields that tell elements of this list apart.
    keys: &'v [String],
}

impl<'v> View<'v> {
    /// Gives the view of what is written as attributes and blocks.
    pub(in crate::providers::kubernetes) fn typed(nodes: &'v Nodes, value: &'v Value) -> View<'v> {
        View { value, path: Path::root(), nodes: Some(nodes), typed: true, keys: &[] }
    }

    /// Gives the view of a manifest; `nodes` are those of its kind.
    pub(in crate::providers::kubernetes) fn plain(
        nodes: &'v Nodes,
        value: &'v Value,
        path: Path,
    ) -> View<'v> {
        View { value, path, nodes: Some(nodes), typed: false, keys: &[] }
    }

    /// Gives what stands under an API name; nothing where nothing is written. What is not known yet is there.
    pub(super) fn get(&self, api: &str) -> Option<View<'v>> {
        let found = match self.typed {
            true => attribute(self.nodes?, self.value, &self.path, api),
            false => {
                let node = self
                    .nodes
                    .and_then(|nodes| nodes.values().find(|node| node.api.as_deref() == Some(api)));
                let keys = node.map(|node| keys(node.list.as_ref())).unwrap_or_default();
                let nodes = node.and_then(|node| node.block.as_deref());
                let value = self.value.field(api)?;
                Some(View { value, path: self.path.attribute(api), nodes, typed: false, keys })
            }
        };
        found.filter(|view| !view.value.is_null())
    }

    /// Gives what stands at the end of a way of API names.
    pub(super) fn at(&self, way: &[&str]) -> Option<View<'v>> {
        way.iter().try_fold(self.clone(), |view, name| view.get(name))
    }

    /// Gives the place of what stands, or would stand, under an API name.
    pub(super) fn place(&self, api: &str) -> Path {
        if let Some(view) = self.get(api) {
            return view.path;
        }
        let node = self.nodes.and_then(|nodes| {
            nodes.iter().find(|(_, node)| node.api.as_deref() == Some(api)).map(|(name, _)| name)
        });
        match (self.typed, node) {
            (true, Some(name)) => self.path.attribute(name),
            (true, None) => self.path.clone(),
            (false, _) => self.path.attribute(api),
        }
    }

    /// Gives the elements of a list; none where it is not written, and nothing where it is not known.
    pub(super) fn items(&self, api: &str) -> Option<Vec<View<'v>>> {
        let Some(list) = self.get(api) else { return self.value.is_known().then(Vec::new) };
        list.elements()
    }

    /// Gives the elements of this list.
    pub(super) fn elements(&self) -> Option<Vec<View<'v>>> {
        let elements = self.value.elements()?.iter().enumerate();
        let view = |(place, value)| View {
            value,
            path: self.path.place(place),
            keys: &[],
            ..self.clone()
        };
        Some(elements.map(view).collect())
    }

    /// Gives the entries of a map.
    pub(super) fn entries(&self) -> Vec<(&'v str, View<'v>)> {
        let fields = self.value.fields().into_iter().flatten();
        let view = |(name, value): (&'v _, &'v Value)| {
            let name: &'v str = AsRef::<str>::as_ref(name);
            let path = if self.typed { self.path.key(name) } else { self.path.attribute(name) };
            (name, View { value, path, nodes: None, typed: self.typed, keys: &[] })
        };
        fields.map(view).filter(|(_, view)| !view.value.is_null()).collect()
    }

    /// Gives all that stands under names of the API.
    pub(super) fn children(&self) -> Vec<View<'v>> {
        let names = self.nodes.into_iter().flat_map(|nodes| names(nodes));
        names.filter_map(|name| self.get(name)).collect()
    }

    /// Says whether it is known to be nothing.
    pub(super) fn lacks(&self, api: &str) -> bool {
        self.value.is_known() && self.get(api).is_none()
    }

    /// Gives all that stands under an API name: it may be given by several attributes.
    pub(super) fn all(&self, api: &str) -> Vec<View<'v>> {
        let Some(nodes) = self.nodes.filter(|_| self.typed) else {
            return self.get(api).into_iter().collect();
        };
        let named = nodes.iter().filter(|(_, node)| node.api.as_deref() == Some(api));
        let given = named.filter_map(|(name, node)| Some((name, node, self.value.field(name)?)));
        let view = |(name, node, value): (&String, &'v Node, &'v Value)| View {
            value,
            path: self.path.attribute(name),
            nodes: node.block.as_deref(),
            typed: true,
            keys: keys(node.list.as_ref()),
        };
        given.map(view).filter(|view| !view.value.is_null()).collect()
    }

    /// Says whether attributes and blocks have something for an API name.
    pub(super) fn has_attribute(&self, api: &str) -> bool {
        let mut nodes = self.nodes.filter(|_| self.typed).into_iter().flat_map(Nodes::values);
        nodes.any(|node| node.api.as_deref() == Some(api))
    }

    /// Says whether it is written as the API has it: no default of an attribute counts.
    pub(super) fn is_manifest(&self) -> bool {
        !self.typed
    }

    pub(super) fn is_known(&self) -> bool {
        self.value.is_known()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.elements().is_some()
    }

    pub(super) fn keys(&self) -> &'v [String] {
        self.keys
    }

    /// Gives its text.
    pub(super) fn as_text(&self) -> Option<&'v str> {
        self.value.as_str()
    }

    /// Gives the text under an API name; nothing for the empty one.
    pub(super) fn text(&self, api: &str) -> Option<&'v str> {
        self.get(api)?.value.as_str().filter(|text| !text.is_empty())
    }

    /// Gives its whole number, which may be written as text.
    pub(super) fn as_number(&self) -> Option<i64> {
        self.value.as_i64().or_else(|| self.value.as_str()?.parse().ok())
    }

    /// Gives the whole number under an API name.
    pub(super) fn number(&self, api: &str) -> Option<i64> {
        self.get(api)?.as_number()
    }

    /// Shows one of its keys behind a word, where it may be shown.
    pub(super) fn key_shown(&self, key: &str) -> String {
        if self.value.marks().any() { String::new() } else { format!(" \"{key}\"") }
    }

    /// Shows it behind "the same name", where it may be shown.
    pub(super) fn aside(&self) -> String {
        let text = self.as_text().filter(|_| !self.value.all_marks().any());
        text.map_or_else(String::new, |text| format!(" \"{text}\""))
    }

    /// Shows it in a message, where it may be shown.
    pub(super) fn shown(&self) -> String {
        match (self.value.all_marks().any(), self.as_text(), self.as_number()) {
            (true, ..) => "The value".into(),
            (false, Some(text), _) => format!("\"{text}\""),
            (false, None, Some(number)) => number.to_string(),
            (false, None, None) => "The value".into(),
        }
    }
}

fn keys(list: Option<&List>) -> &[String] {
    match list {
        Some(List::Keyed(keys)) => keys,
        Some(List::Set | List::Atomic) | None => &[],
    }
}

/// Names what a block's fields are in the API, each once.
fn names(nodes: &Nodes) -> std::collections::BTreeSet<&str> {
    let own = nodes.values().filter_map(|node| node.api.as_deref());
    let wrapped = nodes.values().filter(|node| node.wrapper);
    let wrapped = wrapped.filter_map(|node| node.block.as_deref()).flat_map(names);
    own.chain(wrapped).collect()
}

fn attribute<'v>(nodes: &'v Nodes, value: &'v Value, path: &Path, api: &str) -> Option<View<'v>> {
    for (name, node) in nodes {
        let below = path.attribute(name);
        if node.wrapper {
            let inner = value.field(name).and_then(Value::elements).and_then(<[Value]>::first);
            let found = node.block.as_deref().zip(inner);
            let found = found.and_then(|(nodes, it)| attribute(nodes, it, &below.place(0), api));
            if found.is_some() {
                return found;
            }
            continue;
        }
        if node.api.as_deref() != Some(api) {
            continue;
        }
        let Some(given) = value.field(name).filter(|given| !given.is_null()) else { continue };
        let nodes = node.block.as_deref();
        let keys = keys(node.list.as_ref());
        let view = |value, path| View { value, path, nodes, typed: true, keys };
        match (nodes, given.elements()) {
            (Some(_), Some([])) => {}
            (Some(_), Some([first, ..])) if node.object => {
                return Some(view(first, below.place(0)));
            }
            _ => return Some(view(given, below)),
        }
    }
    None
}
