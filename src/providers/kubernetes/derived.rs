//! What the API has and the provider's schema lacks: arguments and blocks made from the bundled definitions.
//!
//! They are written as the provider writes its own: names in snake case, an object as one block, a list of objects as
//! blocks of the singular, all else as arguments. None is given by the server, so that its defaults make no change,
//! and none is read where the configuration does not give it; an import takes in what somebody has written.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::definitions::{Definitions, Form, Part, bundled};
use super::place::steps;
use super::tables::{Convert, Kind, Node, Nodes, Shape, Way};

/// What is never written: the definition, its fields (none named: all but those after it), and why.
const LEFT_OUT: &[(&str, &[&str])] = &[
    // The server's own.
    ("CertificateSigningRequestSpec", &["extra", "groups", "uid", "username"]),
    // Written by a request of its own only.
    ("NamespaceSpec", &["finalizers"]),
    // No pod is made with one: they are added to pods that run.
    ("PodSpec", &["ephemeralContainers", "serviceAccount"]),
    // What is written there stands in `data` at once.
    ("Secret", &["stringData"]),
    // What version 1 has for reading only.
    ("Endpoint", &["deprecatedTopology"]),
];

/// Objects that may hold anything: no block has their fields.
const OPEN: &[&str] = &["FieldsV1", "JSON", "RawExtension"];

/// What of an object's metadata is for the configuration to give.
const OF_METADATA: &[&str] = &["finalizers", "ownerReferences"];

/// What of the outermost level is given by the resource type.
const OUTERMOST: &[&str] = &["apiVersion", "kind", "metadata", "status"];

/// What can be changed in place though most fields beside it cannot; `*` is each field.
const CHANGEABLE: &[(&str, &str)] = &[
    ("CSIDriverSpec", "*"),
    ("ObjectMeta", "*"),
    ("JobSpec", "podReplacementPolicy"),
    ("JobSpec", "suspend"),
    ("PersistentVolumeClaimSpec", "volumeAttributesClassName"),
    ("PersistentVolumeSpec", "volumeAttributesClassName"),
    // A gate can be taken away; the server's dry-run refuses a new one.
    ("PodSpec", "schedulingGates"),
    ("StatefulSetSpec", "ordinals"),
];

/// What cannot be changed though most fields beside it can.
const FIXED: &[(&str, &str)] = &[("JobSpec", "managedBy"), ("JobSpec", "successPolicy")];

/// Adds to each kind what its definition has beside the provider's schema.
pub(super) fn widen(kinds: &mut BTreeMap<String, Kind>) {
    let mut widener = Widener::of(kinds);
    for kind in kinds.values_mut().filter(|kind| kind.way != Way::Part) {
        let Some(number) = bundled().number(&kind.api_version, &kind.kind) else { continue };
        // What each object has anyway is not for the configuration to say.
        let set: Vec<String> =
            kind.sets.keys().filter_map(|place| place.rsplit('/').next()).map(Into::into).collect();
        if widener.set != set {
            widener.set = set;
            widener.made.clear();
        }
        kind.nodes = widener.block(&kind.nodes, number, true);
    }
}

struct Widener {
    definitions: &'static Definitions,
    /// What the provider calls a field of a definition.
    named: BTreeMap<(usize, String), String>,
    /// What the provider calls a list of blocks, wherever it stands.
    lists: BTreeMap<String, String>,
    /// Fields that each object of the kind has.
    set: Vec<String>,
    /// The blocks that were widened, by what they were and the definition.
    made: BTreeMap<(*const Nodes, usize), Arc<Nodes>>,
}

impl Widener {
    fn of(kinds: &BTreeMap<String, Kind>) -> Widener {
        let mut widener = Widener {
            definitions: bundled(),
            named: BTreeMap::new(),
            lists: BTreeMap::new(),
            set: Vec::new(),
            made: BTreeMap::new(),
        };
        for kind in kinds.values() {
            if let Some(number) = bundled().number(&kind.api_version, &kind.kind) {
                widener.learn(&kind.nodes, number);
            }
        }
        widener
    }

    /// Notes what the provider calls the fields of a block.
    fn learn(&mut self, nodes: &Nodes, number: usize) {
        for (name, node) in nodes {
            if let (true, Some(block)) = (node.wrapper, &node.block) {
                self.learn(block, number);
            }
            let Some(api) = node.api.as_ref().filter(|api| !api.contains(['/', '[', '@'])) else {
                continue;
            };
            self.named.insert((number, api.clone()), name.clone());
            if let Some(block) = &node.block {
                if !node.object {
                    self.lists.entry(api.clone()).or_insert_with(|| name.clone());
                }
                if let Some(inner) = self.definitions.below(number, api) {
                    self.learn(block, inner);
                }
            }
        }
    }

    /// Gives a block of the provider's with what its definition has beside it.
    fn block(&mut self, nodes: &Arc<Nodes>, number: usize, outermost: bool) -> Arc<Nodes> {
        let key = (Arc::as_ptr(nodes), number);
        if let Some(made) = self.made.get(&key) {
            return made.clone();
        }
        let mut wide: Nodes =
            nodes.iter().map(|(name, node)| (name.clone(), self.node(node, number))).collect();
        let fixed = is_mostly_fixed(nodes);
        let wrapper = wide.iter().find(|(_, node)| node.wrapper).map(|(name, _)| name.clone());
        for (api, part) in &self.definitions.part(number).properties {
            let known = covers(nodes, api) || self.set.contains(api);
            if known || self.leaves_out(number, api) || (outermost && is_outermost(api)) {
                continue;
            }
            let Some(mut node) = self.derived(number, api, part, &mut vec![number]) else {
                continue;
            };
            node.replaces = self.is_fixed(number, api, fixed);
            let name = self.name(number, api, &node);
            // Where the provider has the alternatives in a block of their own, an alternative belongs there.
            let inner = wrapper.as_ref().filter(|_| node.object);
            match inner.and_then(|name| wide.get_mut(name)).and_then(|node| node.block.as_mut()) {
                Some(block) => Arc::make_mut(block).entry(name).or_insert(node),
                None => wide.entry(name).or_insert(node),
            };
        }
        let wide = Arc::new(wide);
        self.made.insert(key, wide.clone());
        wide
    }

    /// Gives a node of the provider's with the block inside it widened.
    fn node(&mut self, node: &Node, number: usize) -> Node {
        let mut wide = node.clone();
        let (Some(block), true) = (&node.block, node.optional || node.required) else {
            return wide;
        };
        let inner = match &node.api {
            Some(api) => {
                steps(api).try_fold(number, |number, step| self.definitions.below(number, step))
            }
            None => None,
        };
        if let Some(inner) = inner {
            wide.block = Some(self.block(block, inner, false));
        }
        if node.wrapper {
            let inside =
                block.iter().map(|(name, node)| (name.clone(), self.node(node, number))).collect();
            wide.block = Some(Arc::new(inside));
        }
        wide
    }

    /// Makes a node of a field's definition; nothing where no argument can hold what it may be.
    fn derived(
        &self,
        owner: usize,
        api: &str,
        part: &Part,
        above: &mut Vec<usize>,
    ) -> Option<Node> {
        let found = part.followed();
        let mut node = blank(api);
        node.required = self.definitions.part(owner).required.iter().any(|name| name == api);
        node.optional = !node.required;
        node.min = usize::from(node.required);
        if let Some((shape, convert)) = scalar(found) {
            (node.shape, node.convert) = (shape, convert);
            return Some(node);
        }
        if let Some(items) = &found.items {
            node.shape = Shape::List;
            node.list.clone_from(&found.list);
            match scalar(items.followed()) {
                Some((shape, convert)) => (node.element, node.convert) = (shape, convert),
                None => node.block = Some(self.inside(items, above)?),
            }
        } else if let Some(values) = &found.values {
            let (shape, convert) = scalar(values.followed())?;
            (node.shape, node.element, node.convert) = (Shape::Map, shape, convert);
        } else {
            node.shape = Shape::List;
            (node.object, node.max) = (true, Some(1));
            node.block = Some(self.inside(part, above)?);
        }
        Some(node)
    }

    /// Makes the block of an object's definition.
    fn inside(&self, part: &Part, above: &mut Vec<usize>) -> Option<Arc<Nodes>> {
        let number = part.other?;
        let definition = self.definitions.part(number);
        let anything = definition.properties.is_empty() && definition.ty != "object";
        if anything || OPEN.contains(&self.definitions.name(number)) || above.contains(&number) {
            return None;
        }
        above.push(number);
        let mut nodes = Nodes::new();
        for (api, part) in &definition.properties {
            if self.leaves_out(number, api) {
                continue;
            }
            if let Some(node) = self.derived(number, api, part, above) {
                nodes.insert(self.name(number, api, &node), node);
            }
        }
        above.pop();
        (!nodes.is_empty() || definition.properties.is_empty()).then(|| Arc::new(nodes))
    }

    fn leaves_out(&self, number: usize, api: &str) -> bool {
        let owner = self.definitions.name(number);
        if owner == "ObjectMeta" {
            return !OF_METADATA.contains(&api);
        }
        LEFT_OUT.iter().any(|(name, fields)| *name == owner && fields.contains(&api))
    }

    fn is_fixed(&self, number: usize, api: &str, mostly: bool) -> bool {
        let owner = self.definitions.name(number);
        let is_told = |rows: &[(&str, &str)]| rows.contains(&(owner, api));
        let is_free = || is_told(CHANGEABLE) || CHANGEABLE.contains(&(owner, "*"));
        if mostly { !is_free() } else { is_told(FIXED) }
    }

    /// Names a field: as the provider does elsewhere, else by its rules.
    fn name(&self, number: usize, api: &str, node: &Node) -> String {
        if let Some(name) = self.named.get(&(number, api.to_string())) {
            return name.clone();
        }
        let several = node.block.is_some() && !node.object;
        match self.lists.get(api).filter(|_| several) {
            Some(name) => name.clone(),
            None if several => singular(&snake(api)),
            None => snake(api),
        }
    }
}

fn is_outermost(api: &str) -> bool {
    OUTERMOST.contains(&api)
}

/// Says whether a block writes a field of the API.
fn covers(nodes: &Nodes, api: &str) -> bool {
    nodes.values().any(|node| match (&node.api, &node.block) {
        (Some(place), _) => steps(place).next() == Some(api),
        (None, Some(block)) if node.wrapper => covers(block, api),
        (None, _) => false,
    })
}

/// Says whether a change of most fields of a block replaces the object.
fn is_mostly_fixed(nodes: &Nodes) -> bool {
    let written =
        nodes.values().filter(|node| node.api.is_some() && (node.optional || node.required));
    let (fixed, free): (Vec<&Node>, Vec<&Node>) = written.partition(|node| node.replaces);
    fixed.len() > free.len()
}

fn scalar(part: &Part) -> Option<(Shape, Convert)> {
    match (part.form, part.ty.as_str()) {
        (Form::Quantity, _) => Some((Shape::String, Convert::Quantity)),
        (Form::IntOrString, _) => Some((Shape::String, Convert::IntOrString)),
        (Form::Plain, "string") => Some((Shape::String, Convert::Plain)),
        (Form::Plain, "integer" | "number") => Some((Shape::Number, Convert::Plain)),
        (Form::Plain, "boolean") => Some((Shape::Bool, Convert::Plain)),
        (Form::Plain, _) => None,
    }
}

fn blank(api: &str) -> Node {
    Node {
        shape: Shape::String,
        required: false,
        optional: true,
        computed: false,
        beyond: true,
        sensitive: false,
        write_only: false,
        replaces: false,
        default: None,
        sends_default: false,
        one_of: Vec::new(),
        min: 0,
        max: None,
        element: Shape::String,
        block: None,
        api: Some(api.to_string()),
        convert: Convert::Plain,
        list: None,
        object: false,
        wrapper: false,
        deprecated: None,
        conflicts: Vec::new(),
        exactly_one: Vec::new(),
        at_least_one: Vec::new(),
        ty: OnceLock::new(),
    }
}

/// Writes a name of the API in snake case; a word of capitals is one word, its plural too.
pub(super) fn snake(api: &str) -> String {
    let letters: Vec<char> = api.chars().collect();
    let mut out = String::with_capacity(api.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        // `URLs`: the `s` belongs to the capitals.
        let ends = after.is_some_and(char::is_ascii_lowercase)
            && !(after == Some(&'s')
                && letters.get(at + 2).is_none_or(char::is_ascii_uppercase)
                && before.is_some_and(|before| before.is_ascii_uppercase()));
        let starts = letter.is_ascii_uppercase()
            && before.is_some_and(|before| !before.is_ascii_uppercase() || ends);
        if starts {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Gives the singular of a name.
pub(super) fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let long = ["sses", "shes", "ches", "xes"].iter().any(|end| name.ends_with(end));
    let stem = if long { name.strip_suffix("es") } else { name.strip_suffix('s') };
    match stem {
        Some(stem) if !stem.ends_with('s') || long => stem.to_string(),
        _ => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_the_provider_writes_them() {
        for (api, name) in [
            ("hostUsers", "host_users"),
            ("nonResourceURLs", "non_resource_urls"),
            ("setHostnameAsFQDN", "set_hostname_as_fqdn"),
            ("scaleIO", "scale_io"),
            ("storagePolicyID", "storage_policy_id"),
            ("seLinuxMount", "se_linux_mount"),
            ("externalIPs", "external_ips"),
        ] {
            assert_eq!(snake(api), name);
        }
        for (many, one) in [
            ("resize_policies", "resize_policy"),
            ("claims", "claim"),
            ("addresses", "address"),
            ("boxes", "box"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
