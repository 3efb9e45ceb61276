//! A way from a value to one of its parts.

use std::fmt;

use super::{Number, Value};

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum PathStep {
    /// An attribute of an object.
    Attribute(String),
    /// A key of a map, or a place in a list or tuple.
    Index(Value),
}

/// The steps from the whole to the part.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Path(pub Vec<PathStep>);

impl Path {
    /// Gives the empty path: the whole.
    pub fn root() -> Path {
        Path::default()
    }

    /// Gives the path one attribute further.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Path {
        self.with(PathStep::Attribute(name.into()))
    }

    /// Gives the path one place further.
    #[must_use]
    pub fn place(&self, index: usize) -> Path {
        self.with(PathStep::Index(Value::number(Number::from(index))))
    }

    /// Gives the path one map key further.
    #[must_use]
    pub fn key(&self, key: &str) -> Path {
        self.with(PathStep::Index(Value::string(key)))
    }

    /// Gives the path one set element further.
    #[must_use]
    pub fn element(&self, element: Value) -> Path {
        self.with(PathStep::Index(element))
    }

    /// Gives the first attribute's name.
    pub fn first(&self) -> Option<&str> {
        match self.0.first() {
            Some(PathStep::Attribute(name)) => Some(name),
            Some(PathStep::Index(_)) | None => None,
        }
    }

    fn with(&self, step: PathStep) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }
}

/// As in a message: `.spec[0].name["x"]` without the leading dot.
impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Attribute(name) if place == 0 => out.write_str(name)?,
                PathStep::Attribute(name) => write!(out, ".{name}")?,
                PathStep::Index(index) => match index.as_str() {
                    Some(key) => write!(out, "[{key:?}]")?,
                    None => match index.as_number() {
                        Some(number) => write!(out, "[{number}]")?,
                        None => out.write_str("[…]")?,
                    },
                },
            }
        }
        Ok(())
    }
}
