//! The resource files of a provider, each read when it is first asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::addr::Mode;
use crate::diag::Diagnostic;
use crate::schema::Schema;

use super::hook::{Hook, Plain};
use super::read::read;
use super::schema::schema;
use super::shared::SharedRow;
use super::spec::{Part, Shape, Spec};

/// A resource file: mode, type name, text.
pub type FileRow = (Mode, &'static str, &'static str);

/// A hook by name.
pub type HookRow = (&'static str, &'static dyn Hook);

/// A resource file that was read, with its schema.
#[derive(Debug)]
pub struct Entry {
    /// What the file says.
    pub spec: Spec,
    /// The schema that it gives.
    pub schema: Arc<Schema>,
}

/// A file that is read at most once; nothing where it is wrong.
type Once = OnceLock<Option<Arc<Entry>>>;

/// All resource files of a provider.
pub struct Catalog {
    files: BTreeMap<(Mode, &'static str), (&'static str, Once)>,
    own: BTreeMap<(Mode, String), Arc<Entry>>,
    shared: &'static [SharedRow],
    hooks: &'static [HookRow],
    /// What is still tried out is there too.
    beta: bool,
}

impl Catalog {
    /// Takes in files, and what they share; none is read.
    pub fn new(
        files: &[FileRow],
        shared: &'static [SharedRow],
        hooks: &'static [HookRow],
    ) -> Catalog {
        let files = files
            .iter()
            .map(|(mode, name, text)| ((*mode, *name), (*text, OnceLock::new())))
            .collect();
        Catalog { files, own: BTreeMap::new(), shared, hooks, beta: false }
    }

    /// Has what is still tried out too: attributes, and further files.
    #[must_use]
    pub fn with_beta(mut self, files: &[FileRow]) -> Catalog {
        let rows = files.iter();
        self.files
            .extend(rows.map(|(mode, name, text)| ((*mode, *name), (*text, OnceLock::new()))));
        Catalog { beta: true, ..self }
    }

    /// Takes in types that the user describes.
    #[must_use]
    pub fn with_own(mut self, specs: Vec<Spec>) -> Catalog {
        self.own.extend(specs.into_iter().map(|spec| {
            let schema = Arc::new(schema(&spec));
            ((spec.mode, spec.type_name.clone()), Arc::new(Entry { spec, schema }))
        }));
        self
    }

    /// Gives what the user describes.
    pub fn own(&self) -> impl Iterator<Item = &Spec> {
        self.own.values().map(|entry| &entry.spec)
    }

    /// Says whether a type is one of the provider's own files.
    pub fn has_file(&self, mode: Mode, type_name: &str) -> bool {
        self.files.keys().any(|(of, name)| *of == mode && *name == type_name)
    }

    /// Reads all files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for ((mode, name), (text, _)) in &self.files {
            match read(text, self.shared, &self.hook_names()) {
                Ok(spec) if spec.mode == *mode && spec.type_name == *name => {}
                Ok(spec) => problems.push(Diagnostic::error(
                    "Invalid resource file",
                    format!("The file of \"{name}\" describes \"{}\".", spec.type_name),
                )),
                Err(found) => {
                    problems.extend(found.into_iter().map(|problem| problem.in_block(*name)))
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn hook_names(&self) -> Vec<&'static str> {
        self.hooks.iter().map(|(name, _)| *name).collect()
    }

    /// Gives the type names of a mode.
    pub fn names(&self, mode: Mode) -> Vec<String> {
        let files = self.files.keys().map(|(of, name)| (*of, *name));
        let own = self.own.keys().map(|(of, name)| (*of, name.as_str()));
        files.chain(own).filter(|(of, _)| *of == mode).map(|(_, name)| name.to_string()).collect()
    }

    /// Gives a resource file, read.
    pub fn entry(&self, mode: Mode, type_name: &str) -> Option<Arc<Entry>> {
        let found = self.files.iter().find(|((of, name), _)| *of == mode && *name == type_name);
        let Some((_, (text, entry))) = found else {
            return self.own.get(&(mode, type_name.to_string())).cloned();
        };
        let read = || {
            let mut spec = read(text, self.shared, &self.hook_names()).ok()?;
            settle(&mut spec.parts, self.beta);
            if spec.like {
                spec = spec.like(&self.entry(Mode::Managed, type_name)?.spec);
            }
            let schema = Arc::new(schema(&spec));
            Some(Arc::new(Entry { spec, schema }))
        };
        entry.get_or_init(read).clone()
    }

    /// Gives a file's hook.
    pub fn hook(&self, spec: &Spec) -> &'static dyn Hook {
        let named = self.hooks.iter().find(|(name, _)| Some(*name) == spec.hook.as_deref());
        named.map_or(&Plain, |(_, hook)| *hook)
    }
}

/// Leaves out what the other provider has: the one with what is tried out, or the one without.
fn settle(parts: &mut Vec<Part>, beta: bool) {
    parts.retain(|part| part.beta.is_none_or(|of| of == beta));
    for part in parts {
        if let Shape::Block { parts, .. } = &mut part.shape {
            settle(parts, beta);
        }
    }
}
