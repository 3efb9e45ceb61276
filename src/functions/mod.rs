//! The language's functions: a table of rows.
//!
//! A row says what a function takes and gives; [`call`] does for all of them what is the same:
//! count, conversion, null, unknown and marks. So a row's own code sees plain values, but where its
//! parameters say that they take others. What needs the evaluator is in [`SPECIAL`] and done there.

pub mod about;
mod collection;
mod conversion;
mod encoding;
pub mod file;
mod format;
mod hash;
mod map;
mod marks;
mod network;
mod number;
mod pattern;
mod provided;
mod set;
mod string;
mod time;
mod yaml;

pub use self::provided::{documents, find_provided, provided};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use crate::value::convert::convert;
use crate::value::quote::quote;
use crate::value::{Bounds, Kind, Marks, Type, Value};

/// The functions that need the evaluator, which does them.
pub const SPECIAL: &[&str] = &["can", "templatefile", "templatestring", "try"];

/// Functions that once were, with what is said of them.
pub const GONE: &[(&str, &str)] = &[
    (
        "list",
        "the \"list\" function was deprecated in Terraform v0.12 and is no longer available; use tolist([ ... ]) syntax to write a literal list",
    ),
    (
        "map",
        "the \"map\" function was deprecated in Terraform v0.12 and is no longer available; use tomap({ ... }) syntax to write a literal map",
    ),
];

/// What functions see of the world.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The folder that relative paths start from.
    pub root: PathBuf,
    /// The home folder, for `pathexpand`.
    pub home: Option<PathBuf>,
    /// The moment that the plan was made; nothing where there is none yet.
    pub now: Option<jiff::Timestamp>,
    /// Whether this is an apply: `timestamp()`, `uuid()` and `bcrypt()` give values rather than unknowns.
    pub applying: bool,
    /// Fills bytes with chance.
    pub random: fn(&mut [u8]),
}

impl Environment {
    /// Makes an environment that knows only a folder.
    pub fn new(root: impl Into<PathBuf>) -> Environment {
        Environment { root: root.into(), home: None, now: None, applying: false, random: chance }
    }
}

fn chance(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        bytes.fill(0);
    }
}

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its name, without `core::`.
    pub name: &'static str,
    /// What it takes at least.
    pub parameters: &'static [Parameter],
    /// What it may take more of.
    pub variadic: Option<Parameter>,
    returns: Returns,
    call: fn(&Call<'_>) -> Result<Value, CallError>,
    /// Whether a result that is not known yet will at least not be null.
    never_null: bool,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate leave that a row gives")]
pub struct Parameter {
    /// Its name, for messages.
    pub name: &'static str,
    /// The type that arguments are converted to.
    pub ty: Spec,
    /// Whether null is taken.
    pub null: bool,
    /// Whether an unknown argument reaches the function; its parts may be unknown in any case.
    pub unknown: bool,
    /// Whether marks reach the function, which then has to pass them on.
    pub marked: bool,
    /// Whether an argument of an open type is taken.
    pub open: bool,
}

/// A type in a table.
#[derive(Clone, Copy, Debug)]
pub enum Spec {
    /// Any type.
    Any,
    /// A bool.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// A list.
    List(&'static Spec),
    /// A set.
    Set(&'static Spec),
    /// A map.
    Map(&'static Spec),
}

impl Spec {
    /// Gives the type.
    pub fn ty(self) -> Type {
        match self {
            Spec::Any => Type::Any,
            Spec::Bool => Type::Bool,
            Spec::Number => Type::Number,
            Spec::String => Type::String,
            Spec::List(element) => Type::list(element.ty()),
            Spec::Set(element) => Type::set(element.ty()),
            Spec::Map(element) => Type::map(element.ty()),
        }
    }
}

const fn parameter(name: &'static str, ty: Spec) -> Parameter {
    Parameter { name, ty, null: false, unknown: false, marked: false, open: false }
}

const fn string(name: &'static str) -> Parameter {
    parameter(name, Spec::String)
}

const fn number(name: &'static str) -> Parameter {
    parameter(name, Spec::Number)
}

/// Any value: of an open type too, but neither null nor unknown.
const fn any(name: &'static str) -> Parameter {
    parameter(name, Spec::Any).open()
}

impl Parameter {
    const fn null(mut self) -> Parameter {
        self.null = true;
        self
    }

    const fn unknown(mut self) -> Parameter {
        self.unknown = true;
        self
    }

    const fn marked(mut self) -> Parameter {
        self.marked = true;
        self
    }

    const fn open(mut self) -> Parameter {
        self.open = true;
        self
    }

    const fn closed(mut self) -> Parameter {
        self.open = false;
        self
    }
}

/// The type of a result.
#[derive(Clone, Copy, Debug)]
enum Returns {
    Type(Spec),
    /// It depends on the arguments, whose content may not be known; open where that decides.
    Inferred(fn(&[Value]) -> Result<Type, CallError>),
}

/// One call: what a row's code is given.
struct Call<'a> {
    arguments: &'a [Value],
    /// The type of the result, as told from the arguments.
    ty: &'a Type,
    environment: &'a Environment,
}

impl Call<'_> {
    fn text(&self, place: usize) -> &str {
        self.arguments.get(place).and_then(Value::as_str).unwrap_or_default()
    }

    fn integer(&self, place: usize) -> Result<i64, CallError> {
        integer(&self.arguments[place]).map_err(CallError::new)
    }

    fn unknown(&self) -> Result<Value, CallError> {
        Ok(Value::unknown(self.ty.clone()))
    }
}

/// Gives a number as an integer, or says that it is none.
fn integer(value: &Value) -> Result<i64, String> {
    value.as_i64().ok_or_else(|| {
        "value must be a whole number, between -9223372036854775808 and 9223372036854775807".into()
    })
}

const fn function(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: Spec,
    call: fn(&Call<'_>) -> Result<Value, CallError>,
) -> Function {
    Function {
        name,
        parameters,
        variadic: None,
        returns: Returns::Type(returns),
        call,
        never_null: true,
    }
}

const fn inferred(
    name: &'static str,
    parameters: &'static [Parameter],
    infer: fn(&[Value]) -> Result<Type, CallError>,
    call: fn(&Call<'_>) -> Result<Value, CallError>,
) -> Function {
    Function {
        name,
        parameters,
        variadic: None,
        returns: Returns::Inferred(infer),
        call,
        never_null: true,
    }
}

impl Function {
    const fn variadic(mut self, parameter: Parameter) -> Function {
        self.variadic = Some(parameter);
        self
    }

    const fn maybe_null(mut self) -> Function {
        self.never_null = false;
        self
    }

    /// Gives the type of the results; open where it depends on the arguments.
    pub fn returned(&self) -> Type {
        match self.returns {
            Returns::Type(spec) => spec.ty(),
            Returns::Inferred(_) => Type::Any,
        }
    }

    /// Gives the parameter that an argument stands for.
    pub fn parameter(&self, place: usize) -> Option<&Parameter> {
        self.parameters.get(place).or(self.variadic.as_ref())
    }
}

/// What went wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The argument that is to blame, if it is one.
    pub argument: Option<usize>,
    /// What is wrong: a sentence without its full stop, or for a wrong count of arguments all of it.
    pub message: String,
    /// For a wrong count of arguments: the summary.
    pub count: Option<&'static str>,
}

impl CallError {
    fn new(message: impl Into<String>) -> CallError {
        CallError { argument: None, message: message.into(), count: None }
    }

    fn at(argument: usize, message: impl Into<String>) -> CallError {
        CallError { argument: Some(argument), message: message.into(), count: None }
    }

    /// Gives summary and detail of the problem; `name` is the function's name as it was written.
    pub fn describe(&self, name: &str, function: &Function) -> (String, String) {
        let message = &self.message;
        match (self.count, self.argument.and_then(|place| function.parameter(place))) {
            (Some(summary), _) => (summary.into(), message.clone()),
            (None, Some(parameter)) => (
                "Invalid function argument".into(),
                format!("Invalid value for \"{}\" parameter: {message}.", parameter.name),
            ),
            (None, None) => (
                "Error in function call".into(),
                format!("Call to function \"{name}\" failed: {message}."),
            ),
        }
    }
}

const TABLES: &[&[Function]] = &[
    collection::FUNCTIONS,
    conversion::FUNCTIONS,
    encoding::FUNCTIONS,
    file::FUNCTIONS,
    format::FUNCTIONS,
    hash::FUNCTIONS,
    map::FUNCTIONS,
    marks::FUNCTIONS,
    network::FUNCTIONS,
    number::FUNCTIONS,
    pattern::FUNCTIONS,
    set::FUNCTIONS,
    string::FUNCTIONS,
    time::FUNCTIONS,
    yaml::FUNCTIONS,
];

static BY_NAME: LazyLock<BTreeMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let all = TABLES.iter().flat_map(|table| table.iter());
    all.map(|function| (function.name, function)).collect()
});

/// Finds a function by its name, with or without `core::`.
pub fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name.strip_prefix("core::").unwrap_or(name)).copied()
}

/// Gives the names of all functions, the special ones included, in their order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = BY_NAME.keys().copied().chain(SPECIAL.iter().copied()).collect();
    names.sort_unstable();
    names
}

/// Checks the number of arguments; `name` is the function's name as it was written.
///
/// # Errors
/// Too few or too many.
pub fn check_count(function: &Function, name: &str, count: usize) -> Result<(), CallError> {
    let wanted = function.parameters.len();
    let wrong = |summary, message| Err(CallError { argument: None, message, count: Some(summary) });
    if let Some(missing) = function.parameters.get(count) {
        let least = if function.variadic.is_some() { " at least" } else { "" };
        let message = format!(
            "Function \"{name}\" expects{least} {wanted} argument(s). Missing value for \"{}\".",
            missing.name
        );
        return wrong("Not enough function arguments", message);
    }
    if function.variadic.is_none() && count > wanted {
        let message = format!("Function \"{name}\" expects only {wanted} argument(s).");
        return wrong("Too many function arguments", message);
    }
    Ok(())
}

/// Calls a function: converts the arguments, keeps null, unknown and marked ones away where the
/// function does not take them, and gives its result the marks that they had.
///
/// # Errors
/// A wrong number of arguments, an argument that does not fit, or what the function itself found.
pub fn call(
    function: &Function,
    arguments: &[Value],
    environment: &Environment,
) -> Result<Value, CallError> {
    check_count(function, function.name, arguments.len())?;
    let result = call_plain(function, arguments, environment);
    result.map_err(|error| CallError { message: hide(&error.message, arguments), ..error })
}

/// Takes the texts of secrets out of a message.
fn hide(message: &str, arguments: &[Value]) -> String {
    fn texts<'a>(value: &'a Value, secret: bool, found: &mut Vec<&'a str>) {
        let secret = secret || value.is_sensitive();
        found.extend(value.as_str().filter(|text| secret && !text.is_empty()));
        value.parts().for_each(|part| texts(part, secret, found));
    }
    let mut found = Vec::new();
    arguments.iter().for_each(|argument| texts(argument, false, &mut found));
    let hidden = found.iter().fold(message.to_string(), |message, text| {
        message.replace(&quote(text), "(sensitive value)")
    });
    // A short text stands in many a message by chance.
    let long = found.iter().filter(|text| text.len() > 3);
    long.fold(hidden, |message, text| message.replace(*text, "(sensitive value)"))
}

/// Checks that an argument is of the type that its parameter asks for.
///
/// # Errors
/// It cannot be converted to it.
pub fn check_argument(function: &Function, place: usize, value: &Value) -> Result<(), CallError> {
    let Some(parameter) = function.parameter(place) else { return Ok(()) };
    match convert(value, &parameter.ty.ty()) {
        Ok(_) => Ok(()),
        Err(error) => Err(CallError::at(place, hide(&error.message, std::slice::from_ref(value)))),
    }
}

fn call_plain(
    function: &Function,
    arguments: &[Value],
    environment: &Environment,
) -> Result<Value, CallError> {
    let mut marks = Marks::default();
    let mut plain = Vec::with_capacity(arguments.len());
    for (place, (argument, parameter)) in with_parameters(function, arguments).enumerate() {
        let converted = convert(argument, &parameter.ty.ty())
            .map_err(|error| CallError::at(place, error.message))?;
        plain.push(converted);
    }
    let mut open = false;
    for (place, (argument, parameter)) in with_parameters(function, &plain).enumerate() {
        if argument.is_null() && !parameter.null && !open {
            return Err(CallError::at(place, "argument must not be null"));
        }
        open |= !parameter.open && argument.is_untyped();
    }
    for (place, argument) in plain.iter_mut().enumerate() {
        if function.parameter(place).is_some_and(|parameter| !parameter.marked) {
            marks = marks.join(argument.all_marks());
            *argument = argument.without_marks();
        }
    }
    if open {
        return Ok(Value::unknown(Type::Any).marked(marks));
    }
    let ty = match function.returns {
        Returns::Type(spec) => spec.ty(),
        Returns::Inferred(infer) => infer(&plain)?,
    };
    let kept_away = with_parameters(function, &plain)
        .any(|(argument, parameter)| !argument.is_known() && !parameter.unknown);
    let result = if kept_away {
        Value::unknown(ty)
    } else {
        (function.call)(&Call { arguments: &plain, ty: &ty, environment })?
    };
    let result = if function.never_null { not_null(result) } else { result };
    Ok(result.marked(marks))
}

fn with_parameters<'a>(
    function: &'a Function,
    arguments: &'a [Value],
) -> impl Iterator<Item = (&'a Value, &'a Parameter)> {
    let parameters = function.parameters.iter();
    let more = std::iter::repeat(function.variadic.as_ref()).flatten();
    arguments.iter().zip(parameters.chain(more))
}

/// Says of an unknown that it will not be null.
fn not_null(value: Value) -> Value {
    match value.kind() {
        Kind::Unknown(ty, bounds) if *ty != Type::Any && !bounds.not_null => {
            let bounds = Bounds { not_null: true, ..Bounds::clone(bounds) };
            Value::new(Kind::unknown(ty.clone(), bounds)).marked(value.marks())
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests;
