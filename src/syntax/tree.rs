//! The tree: bodies of attributes and blocks, and expressions, each with its span.

use crate::diag::{FileId, Span};

/// One file.
#[derive(Clone, Debug)]
pub struct File {
    /// Which.
    pub id: FileId,
    /// What is in it.
    pub body: Body,
}

/// The inside of a file or block, in the order written.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// `name = expression`.
    pub attributes: Vec<Attribute>,
    /// Nested blocks.
    pub blocks: Vec<Block>,
    /// All of it, without the braces.
    pub span: Span,
    /// Where a missing argument is reported, as Terraform does: the opening brace, in a block of one line its
    /// argument's first letter, in a file its start.
    pub end: Span,
}

/// A name or label with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The text, without quotes.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// `name = expression`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Ident,
    /// What it is set to.
    pub expr: Expr,
    /// From the name to the expression's end.
    pub span: Span,
}

/// `kind "label" "label" { … }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// The block type.
    pub kind: Ident,
    /// The labels.
    pub labels: Vec<Ident>,
    /// The inside.
    pub body: Body,
    /// The header: from the block type to the last label.
    pub header: Span,
    /// All, from the block type to the closing brace.
    pub span: Span,
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A quoted string or heredoc: its parts. A plain string has one literal part, or none.
    Template(Vec<Part>),
    /// The first name of a reference.
    Name(String),
    /// `source.name`. In `a.0` the name is a number: that is an `Index`.
    Attribute(Box<Expr>, Ident),
    /// `source[index]`.
    Index(Box<Expr>, Box<Expr>),
    /// `source[*].a.b` or `source.*.a.b`: `each` is applied to each element; inside it `ExprKind::Each` stands
    /// for the element.
    Splat {
        /// What is gone through.
        source: Box<Expr>,
        /// What is taken of each element.
        each: Box<Expr>,
        /// Whether it was written as `.*` (then indexes after it apply to the whole).
        dotted: bool,
    },
    /// The element, inside a splat.
    Each,
    /// What could not be read: nothing is known of it. A text with it has a problem.
    Unknown,
    /// `name(arguments…)`.
    Call {
        /// The name, namespaces included (`core::length`).
        name: Ident,
        /// The arguments.
        arguments: Vec<Expr>,
        /// Whether the last one ends in `...`.
        expand: bool,
    },
    /// `-a`, `!a`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `c ? a : b`.
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[a, b]`.
    Tuple(Vec<Expr>),
    /// `{ a = b }`.
    Object(Vec<Item>),
    /// `[for …]`, `{for …}`.
    For(Box<For>),
    /// `(a)`.
    Parens(Box<Expr>),
}

/// One entry of an object.
#[derive(Clone, Debug)]
pub struct Item {
    /// The key. A bare name is a `Template` of that text, with `bare` set.
    pub key: Expr,
    /// Whether the key was written as a bare name.
    pub bare: bool,
    /// The value.
    pub value: Expr,
}

/// A `for` expression.
#[derive(Clone, Debug)]
pub struct For {
    /// The name for the key or index, where two names are given.
    pub key_name: Option<Ident>,
    /// The name for the element.
    pub value_name: Ident,
    /// What is gone through.
    pub collection: Expr,
    /// For an object: the key of each entry.
    pub key: Option<Expr>,
    /// Each entry.
    pub value: Expr,
    /// `if …`.
    pub condition: Option<Expr>,
    /// `...` after the value: entries of one key are grouped.
    pub group: bool,
}

/// A part of a template. Trim markers and `<<-` indents have been applied to the literals.
#[derive(Clone, Debug)]
pub enum Part {
    /// Text.
    Literal(String, Span),
    /// `${…}`.
    Interpolation(Expr),
    /// `%{ if … }`.
    If {
        /// The condition.
        condition: Expr,
        /// The parts when it holds.
        then: Vec<Part>,
        /// The parts when it does not.
        otherwise: Vec<Part>,
        /// From `%{ if` to the end of `%{ endif }`.
        span: Span,
    },
    /// `%{ for … }`.
    For {
        /// The name for the key or index.
        key_name: Option<Ident>,
        /// The name for the element.
        value_name: Ident,
        /// What is gone through.
        collection: Expr,
        /// The parts for each element.
        body: Vec<Part>,
        /// From `%{ for` to the end of `%{ endfor }`.
        span: Span,
    },
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `&&`
    And,
    /// `||`
    Or,
}

impl Body {
    /// Gives an attribute by name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.text == name)
    }

    /// Gives the nested blocks of a type.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.kind.text == kind)
    }
}

impl Expr {
    /// Gives the place of what an expression begins with, which some messages point at instead of all of it:
    /// text without its quotes, a call's name with the parenthesis, the first operand.
    pub fn start(&self) -> Span {
        if let Some(start) = self.start_of_steps() {
            return start;
        }
        let first = |length: u32| Span { end: self.span.start + length, ..self.span };
        match &self.kind {
            ExprKind::Template(parts) => match &parts[..] {
                [] | [Part::Interpolation(_)] => self.span,
                [Part::Literal(_, span), ..] => *span,
                [Part::Interpolation(expr), ..] => expr.start(),
                [Part::If { span, .. } | Part::For { span, .. }, ..] => *span,
            },
            ExprKind::Call { name, .. } => Span { end: name.span.end + 1, ..name.span },
            ExprKind::Conditional(inner, ..)
            | ExprKind::Binary(_, inner, _)
            | ExprKind::Splat { source: inner, .. } => inner.start(),
            ExprKind::Unary(..) | ExprKind::Object(_) | ExprKind::Tuple(_) | ExprKind::For(_) => {
                first(1)
            }
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Name(_)
            | ExprKind::Attribute(..)
            | ExprKind::Index(..)
            | ExprKind::Each
            | ExprKind::Unknown
            | ExprKind::Parens(_) => self.span,
        }
    }

    /// Gives the same of steps that are no reference: the bracket of an index that is worked out, or the start of what
    /// they are taken of.
    fn start_of_steps(&self) -> Option<Span> {
        let mut expr = self;
        loop {
            expr = match &expr.kind {
                ExprKind::Attribute(source, _) => source,
                ExprKind::Index(source, index) if !index.is_constant_key() => {
                    let end = source.span.end;
                    return Some(Span { start: end, end: end + 1, ..source.span });
                }
                ExprKind::Index(source, _) => source,
                ExprKind::Name(_) => return None,
                _ if std::ptr::eq(expr, self) => return None,
                _ => return Some(expr.start()),
            };
        }
    }

    /// Says whether an index by it is a step of a reference: it is a literal.
    pub fn is_constant_key(&self) -> bool {
        match self.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Unknown => true,
            _ => self.literal().is_some(),
        }
    }

    /// Gives the text of a string without interpolation.
    pub fn literal(&self) -> Option<String> {
        let ExprKind::Template(parts) = &self.kind else { return None };
        let mut text = String::new();
        for part in parts {
            let Part::Literal(literal, _) = part else { return None };
            text.push_str(literal);
        }
        Some(text)
    }

    /// Gives a reference's names: `a.b["c"].d[0]` up to the first part that is not fixed.
    ///
    /// The first is the root name. Indexes with a fixed string or number are included as they are.
    pub fn traversal(&self) -> Option<Vec<Ident>> {
        match &self.kind {
            ExprKind::Name(name) => Some(vec![Ident { text: name.clone(), span: self.span }]),
            ExprKind::Attribute(source, name) => {
                let mut names = source.traversal()?;
                names.push(name.clone());
                Some(names)
            }
            ExprKind::Index(source, index) => {
                let mut names = source.traversal()?;
                let text = match &index.kind {
                    ExprKind::Number(number) => number.clone(),
                    _ => index.literal()?,
                };
                names.push(Ident { text, span: index.span });
                Some(names)
            }
            _ => None,
        }
    }
}
