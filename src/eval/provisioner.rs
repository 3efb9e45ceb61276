//! Provisioners: the arguments of `local-exec`, by a schema as those of other blocks.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Oracle;
use super::evaluator::{Evaluator, Pass};
use super::reference::anything;
use super::scope::{Eval, ModuleId, Scope, Turn};
use crate::addr::{Address, Key, Step};
use crate::config::Resource;
use crate::diag::Diagnostic;
use crate::schema::{Field, Given};
use crate::syntax::tree::{Block, Body};
use crate::value::{Number, Path, Type, Value};

/// The one kind that is run.
pub const LOCAL_EXEC: &str = "local-exec";

/// What `local-exec` may have, besides `when`, `on_failure` and `connection`.
static FIELDS: LazyLock<BTreeMap<String, Field>> = LazyLock::new(|| {
    let optional = |ty: Type| Field::attribute(ty, Given::Optional);
    BTreeMap::from([
        ("command".into(), Field::attribute(Type::String, Given::Required)),
        ("environment".into(), optional(Type::map(Type::String))),
        ("interpreter".into(), optional(Type::list(Type::String))),
        ("quiet".into(), optional(Type::Bool)),
        ("working_dir".into(), optional(Type::String)),
    ])
});

/// Gives the arguments that are the kind's own.
fn own(body: &Body) -> Body {
    let mut own = body.clone();
    own.attributes
        .retain(|attribute| !["when", "on_failure"].contains(&attribute.name.text.as_str()));
    own.blocks.retain(|block| block.kind.text != "connection");
    own
}

fn is_local_exec(block: &Block) -> bool {
    block.labels.first().is_some_and(|label| label.text == LOCAL_EXEC)
}

impl Evaluator<'_> {
    /// Evaluates a `local-exec` block of an instance; `this` is the object that it stands for. A destroy-time one
    /// needs no block of the instance to be left.
    ///
    /// # Errors
    /// What is wrong with its arguments.
    pub fn provisioner(
        &mut self,
        address: &Address,
        block: &Block,
        this: &Value,
        destroy: bool,
        oracle: &mut dyn Oracle,
    ) -> Result<Value, Vec<Diagnostic>> {
        self.once(oracle, |pass| {
            let (module, turn) = if destroy {
                (pass.module_of(&address.module), turn_of(address.key.as_ref()))
            } else {
                let found = pass.find_block(address)?;
                let turns = pass.block_turns(found)?;
                (found.module, turns.turn(address.key.as_ref()))
            };
            let this = Some(this.clone());
            let mut scope = Scope { turn, this, ..Scope::module(module) };
            pass.provisioner(block, &mut scope)
        })
    }
}

impl Pass<'_, '_> {
    /// Checks a block's provisioners as far as that can be done before there is an object, and notes what they
    /// refer to: the instance waits for that too.
    pub(super) fn provisioners(&mut self, resource: &Resource, scope: &mut Scope) -> Eval<()> {
        if resource.provisioners.is_empty() {
            return Ok(());
        }
        let mut inner = Scope { this: Some(anything()), own: None, ..scope.clone() };
        let programs = resource.provisioners.iter().filter(|block| is_local_exec(block));
        let checked: Vec<Eval> =
            programs.map(|block| self.provisioner(block, &mut inner)).collect();
        super::scope::all(checked).map(|_| ())
    }

    fn provisioner(&mut self, block: &Block, scope: &mut Scope) -> Eval {
        self.body(&own(&block.body), &FIELDS, &Path::root(), false, &mut Vec::new(), scope)
    }

    /// Gives the module instance of a path; of one that is no more, the nearest that is left.
    fn module_of(&mut self, path: &[Step]) -> ModuleId {
        let mut at = 0;
        for step in path {
            let Some(call) = self.evaluator.modules[at].module.calls.get(&step.name) else { break };
            at = self.child(at, call, step.key.clone());
        }
        at
    }
}

/// Gives the turn of a key, of which only the key is known.
fn turn_of(key: Option<&Key>) -> Turn {
    match key {
        None => Turn::None,
        Some(Key::Number(place)) => {
            Turn::Count(Value::number(Number::from(usize::try_from(*place).unwrap_or(usize::MAX))))
        }
        Some(Key::String(key)) => Turn::Each(Value::string(key), anything()),
    }
}
