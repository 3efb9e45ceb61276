//! Values: what expressions give and objects are made of.
//!
//! Unknown and sensitive live here and nowhere else. Results are built with [`Value::derived`],
//! which joins the marks of what they were made from; no stage passes marks on by hand.
//!
//! Invariant: a set's elements are sorted by [`order()`] and distinct; all elements of a list, set or
//! map have the element type. Strings are in Unicode's NFC.

pub mod constraint;
pub mod convert;
pub mod equal;
mod fields;
pub mod json;
mod mismatch;
mod number;
mod order;
mod path;
pub mod quote;
mod types;
mod unify;

pub use self::fields::Fields;
pub use self::number::Number;
pub use self::order::order;
pub use self::path::{Path, PathStep};
pub use self::types::Type;

use std::fmt;
use std::sync::{Arc, LazyLock};

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// A value with its marks; cheap to clone.
#[derive(Clone, PartialEq)]
pub struct Value {
    kind: Kind,
    marks: Marks,
}

/// What a value carries besides its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// It must not be shown.
    pub sensitive: bool,
    /// It must not be kept.
    pub ephemeral: bool,
}

impl Marks {
    /// Joins two sets of marks.
    #[must_use]
    pub fn join(self, other: Marks) -> Marks {
        Marks {
            sensitive: self.sensitive || other.sensitive,
            ephemeral: self.ephemeral || other.ephemeral,
        }
    }

    /// Says whether there is any.
    pub fn any(self) -> bool {
        self.sensitive || self.ephemeral
    }
}

/// A value's content.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Comes with the apply; the type is fixed.
    Unknown(Type, Arc<Bounds>),
    /// No value, of a type.
    Null(Type),
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(Arc<str>),
    /// A sequence of one element type.
    List(Type, Arc<[Value]>),
    /// Distinct elements of one type.
    Set(Type, Arc<[Value]>),
    /// Names to elements of one type.
    Map(Type, Arc<Fields>),
    /// A sequence with a type for each place.
    Tuple(Arc<[Value]>),
    /// Names with a type each.
    Object(Arc<Fields>),
}

/// What is known of an unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// It will not be null.
    pub not_null: bool,
    /// A string begins so.
    pub prefix: Option<Arc<str>>,
    /// A collection has at least and at most so many elements.
    pub length: (usize, Option<usize>),
    /// A number lies between these, ends included.
    pub number: (Option<Number>, Option<Number>),
}

impl Kind {
    /// Makes the content of an unknown value; of what is known so well that only one value is left, that one.
    /// A list of very many elements stays unknown.
    pub fn unknown(ty: Type, bounds: Bounds) -> Kind {
        let exact = match bounds.length {
            (least, Some(most)) if least == most && bounds.not_null => Some(least),
            _ => None,
        };
        let parts = |element: &Type, count: usize| vec![Value::unknown(element.clone()); count];
        match (&ty, exact) {
            (Type::List(element), Some(count)) if count <= LONGEST => {
                Value::list((**element).clone(), parts(element, count)).kind
            }
            (Type::Set(element), Some(count @ (0 | 1))) => {
                Value::set((**element).clone(), parts(element, count)).kind
            }
            (Type::Map(element), Some(0)) => Value::map::<Arc<str>>((**element).clone(), []).kind,
            _ => match &bounds.number {
                (Some(least), Some(most)) if least == most && bounds.not_null => {
                    Kind::Number(least.clone())
                }
                _ => Kind::Unknown(ty, Arc::new(bounds)),
            },
        }
    }
}

/// The most elements that a list of unknown ones is made with.
const LONGEST: usize = 1 << 16;

/// The bounds that most unknown values have, made once.
static NOTHING_KNOWN: LazyLock<Arc<Bounds>> = LazyLock::new(Arc::default);
static NOT_NULL: LazyLock<Arc<Bounds>> = LazyLock::new(|| Arc::new(Bounds::not_null()));

impl Bounds {
    /// Gives the bounds that say only "not null".
    pub fn not_null() -> Bounds {
        Bounds { not_null: true, ..Bounds::default() }
    }

    /// Gives the bounds of a text that begins so and goes on in some way: the last character counts only where
    /// nothing that follows can become part of it.
    pub fn beginning(text: &str) -> Bounds {
        const ALONE: &str = "-_:;/\\,.(){}[]|?!~ \t@#$%^&*+\"'";
        let text: String = text.nfc().collect();
        let last = text.graphemes(true).next_back().unwrap_or_default();
        let is_alone = last.chars().count() == 1 && ALONE.contains(last);
        let sure = if is_alone { &*text } else { &text[..text.len() - last.len()] };
        let prefix = (!sure.is_empty()).then(|| sure.into());
        Bounds { prefix, ..Bounds::not_null() }
    }
}

impl Value {
    /// Makes a value without marks.
    pub fn new(kind: Kind) -> Value {
        Value { kind, marks: Marks::default() }
    }

    /// Makes a value from others: it has all their marks, at any depth of theirs.
    pub fn derived<'a>(inputs: impl IntoIterator<Item = &'a Value>, kind: Kind) -> Value {
        let marks =
            inputs.into_iter().fold(Marks::default(), |marks, input| marks.join(input.all_marks()));
        Value { kind, marks }
    }

    /// Makes a string; its text is normalised to NFC.
    pub fn string(text: impl AsRef<str>) -> Value {
        use unicode_normalization::{UnicodeNormalization, is_nfc};
        let text = text.as_ref();
        let text: Arc<str> =
            if is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() };
        Value::new(Kind::String(text))
    }

    /// Makes a bool.
    pub fn bool(value: bool) -> Value {
        Value::new(Kind::Bool(value))
    }

    /// Makes a number.
    pub fn number(number: impl Into<Number>) -> Value {
        Value::new(Kind::Number(number.into()))
    }

    /// Makes a null of a type.
    pub fn null(ty: Type) -> Value {
        Value::new(Kind::Null(ty))
    }

    /// Makes an unknown of a type, of which nothing more is known.
    pub fn unknown(ty: Type) -> Value {
        Value::new(Kind::Unknown(ty, NOTHING_KNOWN.clone()))
    }

    /// Makes an unknown of a type that will not be null.
    pub fn unknown_not_null(ty: Type) -> Value {
        Value::new(Kind::Unknown(ty, NOT_NULL.clone()))
    }

    /// Makes a tuple.
    pub fn tuple(elements: Vec<Value>) -> Value {
        Value::new(Kind::Tuple(elements.into()))
    }

    /// Makes an object.
    pub fn object<N: Into<Arc<str>>>(fields: impl IntoIterator<Item = (N, Value)>) -> Value {
        Value::new(Kind::Object(Arc::new(
            fields.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        )))
    }

    /// Makes a list; the elements have the element type.
    pub fn list(element: Type, elements: Vec<Value>) -> Value {
        Value::new(Kind::List(element, elements.into()))
    }

    /// Makes a map; the elements have the element type.
    pub fn map<N: Into<Arc<str>>>(
        element: Type,
        elements: impl IntoIterator<Item = (N, Value)>,
    ) -> Value {
        let elements = elements.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Value::new(Kind::Map(element, Arc::new(elements)))
    }

    /// Makes a set: sorts the elements, drops equal ones and moves their marks to the set.
    ///
    /// Elements that are not known whole stay, each for itself; who counts must ask [`Value::is_whole`] first.
    pub fn set(element: Type, elements: Vec<Value>) -> Value {
        let mut marks = Marks::default();
        let elements: Vec<Value> = elements
            .into_iter()
            .map(|value| {
                marks = marks.join(value.all_marks());
                value.without_marks()
            })
            .collect();
        let elements = order::sorted(elements);
        Value { kind: Kind::Set(element, elements.into()), marks }
    }

    /// Gives the content, for computing; showing goes by [`Value::shown`].
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Gives the content for showing: nothing where it is sensitive.
    pub fn shown(&self) -> Option<&Kind> {
        (!self.marks.sensitive).then_some(&self.kind)
    }

    /// Gives the marks of the value itself, not of its parts.
    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// Gives the marks of the value and all its parts, joined.
    pub fn all_marks(&self) -> Marks {
        let join = |marks: Marks, part: &Value| marks.join(part.all_marks());
        match &self.kind {
            Kind::Unknown(..)
            | Kind::Null(_)
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::String(_) => self.marks,
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
                parts.iter().fold(self.marks, join)
            }
            Kind::Map(_, fields) | Kind::Object(fields) => fields.values().fold(self.marks, join),
        }
    }

    /// Says whether the value itself is sensitive.
    pub fn is_sensitive(&self) -> bool {
        self.marks.sensitive
    }

    /// Gives the value with marks added to its own.
    #[must_use]
    pub fn marked(mut self, marks: Marks) -> Value {
        self.marks = self.marks.join(marks);
        self
    }

    /// Gives the value marked as sensitive.
    #[must_use]
    pub fn sensitive(self) -> Value {
        self.marked(Marks { sensitive: true, ephemeral: false })
    }

    /// Gives the value with its own marks replaced.
    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Value {
        self.marks = marks;
        self
    }

    /// Gives the value without any mark at any depth.
    #[must_use]
    pub fn without_marks(&self) -> Value {
        if !self.all_marks().any() {
            return self.clone();
        }
        self.map_parts(&mut |part| part.without_marks()).with_marks(Marks::default())
    }

    /// Gives the value with each direct part replaced; its own marks stay.
    #[must_use]
    pub fn map_parts(&self, change: &mut dyn FnMut(&Value) -> Value) -> Value {
        let kind = match &self.kind {
            Kind::Unknown(..)
            | Kind::Null(_)
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::String(_) => self.kind.clone(),
            Kind::List(ty, parts) => Kind::List(ty.clone(), parts.iter().map(change).collect()),
            Kind::Set(ty, parts) => {
                let set = Value::set(ty.clone(), parts.iter().map(change).collect());
                return set.marked(self.marks);
            }
            Kind::Tuple(parts) => Kind::Tuple(parts.iter().map(change).collect()),
            Kind::Map(ty, fields) => Kind::Map(ty.clone(), Arc::new(change_fields(fields, change))),
            Kind::Object(fields) => Kind::Object(Arc::new(change_fields(fields, change))),
        };
        Value { kind, marks: self.marks }
    }

    /// Gives the direct parts: elements, or fields by name.
    pub fn parts(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match &self.kind {
            Kind::Unknown(..)
            | Kind::Null(_)
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::String(_) => Box::new(std::iter::empty()),
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
                Box::new(parts.iter())
            }
            Kind::Map(_, fields) | Kind::Object(fields) => Box::new(fields.values()),
        }
    }

    /// Gives the value's type.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Unknown(ty, _) | Kind::Null(ty) => ty.clone(),
            Kind::Bool(_) => Type::Bool,
            Kind::Number(_) => Type::Number,
            Kind::String(_) => Type::String,
            Kind::List(element, _) => Type::list(element.clone()),
            Kind::Set(element, _) => Type::set(element.clone()),
            Kind::Map(element, _) => Type::map(element.clone()),
            Kind::Tuple(parts) => Type::Tuple(parts.iter().map(Value::ty).collect()),
            Kind::Object(fields) => {
                Type::object(fields.iter().map(|(name, value)| (&**name, value.ty())))
            }
        }
    }

    /// Says whether nothing is decided about the value's type.
    pub fn is_untyped(&self) -> bool {
        matches!(self.kind, Kind::Unknown(Type::Any, _) | Kind::Null(Type::Any))
    }

    /// Says whether the value itself is known; parts may not be.
    pub fn is_known(&self) -> bool {
        !matches!(self.kind, Kind::Unknown(..))
    }

    /// Says whether the value is known at every depth.
    pub fn is_whole(&self) -> bool {
        match &self.kind {
            Kind::Unknown(..) => false,
            Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => true,
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
                parts.iter().all(Value::is_whole)
            }
            Kind::Map(_, fields) | Kind::Object(fields) => fields.values().all(Value::is_whole),
        }
    }

    /// Says whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null(_))
    }

    /// Gives the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Gives the truth of a bool.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Gives the number of a number.
    pub fn as_number(&self) -> Option<&Number> {
        match &self.kind {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Gives a number as an integer, where it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::to_i64)
    }

    /// Gives the elements of a list, set or tuple.
    pub fn elements(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => Some(parts),
            _ => None,
        }
    }

    /// Gives the fields of a map or object.
    pub fn fields(&self) -> Option<&Fields> {
        match &self.kind {
            Kind::Map(_, fields) | Kind::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Gives a field of a map or object, as it stands there (without the whole's marks).
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields().and_then(|fields| fields.get(name))
    }

    /// Gives the part at a path, as it stands there; nothing where the path leads nowhere.
    pub fn at(&self, path: &Path) -> Option<&Value> {
        path.0.iter().try_fold(self, |value, step| match step {
            PathStep::Attribute(name) => value.field(name),
            PathStep::Index(index) => match (index.as_str(), index.as_i64(), value.kind()) {
                (Some(key), _, _) if value.fields().is_some() => value.field(key),
                (_, Some(place), Kind::List(_, parts) | Kind::Tuple(parts)) => {
                    usize::try_from(place).ok().and_then(|place| parts.get(place))
                }
                (_, _, Kind::Set(_, parts)) => parts.iter().find(|part| *part == index),
                _ => None,
            },
        })
    }

    /// Gives a map or object with one field set.
    #[must_use]
    pub fn with_field(&self, name: &str, value: Value) -> Value {
        let kind = match &self.kind {
            Kind::Object(fields) => {
                let mut fields = Fields::clone(fields);
                fields.insert(name.into(), value);
                Kind::Object(Arc::new(fields))
            }
            Kind::Map(ty, fields) => {
                let mut fields = Fields::clone(fields);
                fields.insert(name.into(), value);
                Kind::Map(ty.clone(), Arc::new(fields))
            }
            other => other.clone(),
        };
        Value { kind, marks: self.marks }
    }
}

fn change_fields(fields: &Fields, change: &mut dyn FnMut(&Value) -> Value) -> Fields {
    fields.iter().map(|(name, value)| (name.clone(), change(value))).collect()
}

/// Shows the content, but of a secret only `(sensitive)`.
impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shown() {
            Some(kind) => kind.fmt(out),
            None => out.write_str("(sensitive)"),
        }
    }
}
