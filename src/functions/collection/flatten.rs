//! `flatten`: lists in lists as one; maps and nulls stay as they are.

use super::super::{Call, CallError};
use crate::value::{Kind, Marks, Type, Value};

pub(in super::super) fn flatten(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    match list.ty() {
        Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Any => {}
        _ if !list.is_whole() => return Ok(Value::unknown(Type::Any).marked(list.marks())),
        Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_) => {
            return Err(CallError::new("can only flatten lists, sets and tuples"));
        }
    }
    let mut flat = Flat { parts: Vec::new(), marks: Marks::default(), decided: true };
    flat.add(list);
    let result = if flat.decided { Value::tuple(flat.parts) } else { Value::unknown(Type::Any) };
    Ok(result.marked(flat.marks))
}

struct Flat {
    parts: Vec<Value>,
    marks: Marks,
    /// Whether it is known how many parts there will be.
    decided: bool,
}

impl Flat {
    fn add(&mut self, list: &Value) {
        self.marks = self.marks.join(list.marks());
        let uncertain_set =
            matches!(list.kind(), Kind::Set(_, parts) if parts.len() > 1) && !list.is_whole();
        let Some(parts) = list.elements().filter(|_| !uncertain_set) else {
            self.decided = false;
            return;
        };
        for part in parts {
            match part.kind() {
                Kind::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Any, _) => {
                    self.decided = false;
                    self.marks = self.marks.join(part.marks());
                }
                Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => self.add(part),
                Kind::Unknown(..)
                | Kind::Null(_)
                | Kind::Bool(_)
                | Kind::Number(_)
                | Kind::String(_)
                | Kind::Map(..)
                | Kind::Object(_) => self.parts.push(part.clone()),
            }
        }
    }
}
