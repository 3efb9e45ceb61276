//! `yamldecode` and `yamlencode`.

mod read;
mod scalar;
mod write;

use super::{Call, CallError, Function, Spec, any, function, inferred, string};
use crate::value::{Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    inferred("yamldecode", &[string("src")], |_| Ok(Type::Any), |call| read::read(call.text(0)))
        .maybe_null(),
    function("yamlencode", &[any("value").null().unknown()], Spec::String, encode),
];

/// Reads a document of Kubernetes: dates stay the texts that they are.
pub(super) fn read(text: &str) -> Result<Value, CallError> {
    read::read_plain(text)
}

/// Reads a document of Kubernetes that begins in a line of a file: what is wrong is told with the file's line.
pub(super) fn read_within(text: &str, first: usize) -> Result<Value, CallError> {
    read::read_plain(text).map_err(|error| {
        let (line, why) = read::place(text, &error.message);
        CallError::new(format!("line {}: {why}", first + line))
    })
}

fn encode(call: &Call<'_>) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    if !value.is_whole() {
        return call.unknown();
    }
    Ok(Value::string(write::write(value)))
}
