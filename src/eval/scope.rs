//! What an expression sees, why an evaluation stops, and the memory of a pass.
//!
//! Each name is evaluated once a pass. What is known at every depth and did not touch a pending answer
//! is kept for later passes too: what is known stays known. Only a round over the whole configuration
//! begins anew with what the world had a part in: a planner may have changed its mind about an object, and
//! wants to be asked for each.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use foldhash::fast::FixedState;

use super::evaluator::{Evaluator, Pass};
use crate::addr::{Address, Key};
use crate::config::Resource;
use crate::diag::{Diagnostic, Span};
use crate::value::{Type, Value};

/// A module's instance, by its number in the evaluator.
pub(super) type ModuleId = usize;

/// The addresses that something was made from.
pub(super) type Needs = BTreeSet<Address>;

/// Why an evaluation gives no value.
#[derive(Debug, Default)]
pub(super) struct Stop {
    /// What is to be told; empty where it has been told already.
    pub problems: Vec<Diagnostic>,
    /// Whether `try` and `can` and untaken branches must not swallow it: a name that does not exist, a
    /// cycle, or something that failed elsewhere.
    pub fatal: bool,
    /// Whether it is about names: in a body these are told alone.
    pub by_name: bool,
    /// What stands for the result, as far as it is known; nothing where not even its type is.
    pub value: Option<Value>,
}

/// The result of an evaluation.
pub(super) type Eval<T = Value> = Result<T, Stop>;

impl Stop {
    /// Makes the stop for an ordinary problem.
    pub(super) fn problem(problem: Diagnostic) -> Stop {
        Stop { problems: vec![problem], ..Stop::default() }
    }

    /// Makes the stop for ordinary problems, or for such that nothing may swallow.
    pub(super) fn problems(problems: Vec<Diagnostic>, fatal: bool) -> Stop {
        Stop { problems, fatal, ..Stop::default() }
    }

    /// Makes the stop for a problem that nothing may swallow.
    pub(super) fn fatal(problem: Diagnostic) -> Stop {
        Stop { by_name: true, ..Stop::problems(vec![problem], true).plain() }
    }

    /// Makes the stop for what has been told elsewhere.
    pub(super) fn reported() -> Stop {
        Stop::problems(Vec::new(), true)
    }

    /// Says what stands for the result.
    pub(super) fn with(mut self, value: Value) -> Stop {
        self.value = Some(value);
        self
    }

    /// Says that it is of a part, whose value says nothing of the result.
    pub(super) fn of_part(mut self) -> Stop {
        self.value = None;
        self
    }

    /// Joins two: where one is fatal only the fatal ones are told.
    pub(super) fn and(mut self, other: Stop) -> Stop {
        self.value = None;
        match (self.fatal, other.fatal) {
            (true, false) => self,
            (false, true) => other,
            (true, true) => {
                self.by_name |= other.by_name;
                self.problems.extend(other.problems);
                self
            }
            (false, false) => {
                self.problems.extend(other.problems);
                self
            }
        }
    }
}

/// Says whether something is named that is not there, which Terraform looks for before anything else.
pub(super) fn is_misnamed(problem: &Diagnostic) -> bool {
    const SUMMARIES: [&str; 5] = [
        "Reference to undeclared resource",
        "Reference to undeclared module",
        "Missing resource instance key",
        "Unexpected resource instance key",
        "Invalid \"self\" reference",
    ];
    SUMMARIES.contains(&problem.summary.as_str())
        || problem.detail.starts_with("This object has no argument, nested block,")
}

/// Leaves out what is wrong with names here where others are not declared at all: Terraform looks for these first.
pub(super) fn hide_later(problems: &mut Vec<Diagnostic>) {
    const LATER: [&str; 8] = [
        "Reference to undeclared input variable",
        "Reference to undeclared local value",
        "Reference to \"count\" in non-counted context",
        "Invalid \"count\" attribute",
        "Reference to \"each\" in context without for_each",
        "each.value cannot be used in this context",
        "Invalid \"each\" attribute",
        "Invalid \"path\" attribute",
    ];
    if problems.iter().any(is_misnamed) {
        problems.retain(|problem| !LATER.contains(&problem.summary.as_str()));
    }
}

/// Makes an ordinary stop.
pub(super) fn stop<T>(summary: &str, detail: impl Into<String>, span: Span) -> Eval<T> {
    Err(Stop::problem(Diagnostic::error(summary, detail).at(span, "")))
}

/// Makes a stop that nothing may swallow.
pub(super) fn fatal<T>(summary: &str, detail: impl Into<String>, span: Span) -> Eval<T> {
    Err(Stop::fatal(Diagnostic::error(summary, detail).at(span, "")))
}

/// Makes a stop that nothing may swallow, for a problem of an expression's value.
pub(super) fn fatal_value<T>(summary: &str, detail: impl Into<String>, span: Span) -> Eval<T> {
    let problems = vec![Diagnostic::error(summary, detail).at(span, "")];
    Err(Stop::problems(problems, true))
}

/// Gives what stands for a result, and the problems that came up.
pub(super) fn settle(result: Eval) -> (Value, Option<Stop>) {
    match result {
        Ok(value) => (value, None),
        Err(mut stop) => {
            let value = stop.value.take().unwrap_or_else(|| Value::unknown(Type::Any));
            (value, Some(stop))
        }
    }
}

/// Joins the problems of a further result to those before.
pub(super) fn note(stopped: &mut Option<Stop>, more: Option<Stop>) {
    *stopped = match (stopped.take(), more) {
        (Some(before), Some(more)) => Some(before.and(more)),
        (before, more) => before.or(more),
    };
}

/// Gives a value where there were no problems; else these, with what stands for the result.
pub(super) fn finish(value: Value, stopped: Option<Stop>) -> Eval {
    match stopped {
        Some(stop) => Err(stop.with(value)),
        None => Ok(value),
    }
}

/// Joins two results, with the problems of both.
pub(super) fn both<A, B>(left: Eval<A>, right: Eval<B>) -> Eval<(A, B)> {
    match (left, right) {
        (Ok(left), Ok(right)) => Ok((left, right)),
        (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(stop.of_part()),
        (Err(left), Err(right)) => Err(left.and(right)),
    }
}

/// Joins many results, with the problems of all.
pub(super) fn all<T>(results: impl IntoIterator<Item = Eval<T>>) -> Eval<Vec<T>> {
    let mut values = Vec::new();
    let mut stopped: Option<Stop> = None;
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(stop) => {
                stopped = Some(match stopped {
                    Some(before) => before.and(stop),
                    None => stop,
                });
            }
        }
    }
    match stopped {
        Some(stop) => Err(stop),
        None => Ok(values),
    }
}

/// The turn of `count` or `for_each` that an expression is evaluated for.
#[derive(Clone, Debug, Default)]
pub(super) enum Turn {
    /// Neither is set.
    #[default]
    None,
    /// `count.index`.
    Count(Value),
    /// `each.key` and `each.value`.
    Each(Value, Value),
}

/// What an expression sees.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// The module's instance that names are looked up in.
    pub module: ModuleId,
    /// The turn.
    pub turn: Turn,
    /// The block that must not refer to itself.
    pub own: Option<Address>,
    /// `self`, where there is one.
    pub this: Option<Value>,
    /// Names of `for` and `dynamic`, the innermost last.
    pub names: Vec<(String, Value)>,
    /// The elements of the splats around, the innermost last.
    pub elements: Vec<Value>,
    /// Inside a template function: only `names` exist; the function's name.
    pub template: Option<&'static str>,
    /// Whether it is a precondition, which has no `self` in other words than elsewhere.
    pub before: bool,
    /// Inside a variable's validation: the variable's own value.
    pub variable: Option<(String, Value)>,
    /// Whether that value must not be told.
    pub secret: bool,
    /// Whether there is nothing: neither names of the configuration nor functions.
    pub bare: bool,
    /// Whether there are no names of the configuration, as where one of them is wrong.
    pub nothing: bool,
}

impl Scope {
    /// Makes the scope of a module's instance.
    pub(super) fn module(module: ModuleId) -> Scope {
        Scope { module, ..Scope::default() }
    }

    /// Gives the value of a name of `for` or `dynamic`.
    pub(super) fn name(&self, name: &str) -> Option<&Value> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// Something that is evaluated once a pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Item<'a> {
    /// `local.x`.
    Local(ModuleId, &'a str),
    /// `var.x`.
    Variable(ModuleId, &'a str),
    /// `output.x` of a module.
    Output(ModuleId, &'a str),
    /// The turns of a module call.
    Call(ModuleId, &'a str),
    /// The value of a whole module call.
    Module(ModuleId, &'a str),
    /// The turns of a block.
    Turns(BlockId<'a>),
    /// The value of a whole block with `count` or `for_each`.
    Block(BlockId<'a>),
    /// What an instance's block says.
    Instance(BlockId<'a>, Option<Key>),
    /// The value that stands for an instance.
    Object(BlockId<'a>, Option<Key>),
    /// A provider block.
    Provider(std::sync::Arc<super::ProviderRef>),
}

/// A resource block in a module's instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockId<'a> {
    /// The module's instance.
    pub module: ModuleId,
    /// The block.
    pub resource: &'a Resource,
}

impl PartialEq for BlockId<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.module == other.module && std::ptr::eq(self.resource, other.resource)
    }
}

impl Eq for BlockId<'_> {}

impl std::hash::Hash for BlockId<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.module.hash(state);
        std::ptr::from_ref(self.resource).hash(state);
    }
}

/// A remembered result.
#[derive(Debug)]
pub(super) struct Memo<T> {
    /// Nothing where it failed.
    pub(super) result: Option<T>,
    needs: Rc<Needs>,
    pending: bool,
    /// Whether the oracle had a part in it.
    asked: bool,
    /// The round that it was made in.
    round: u64,
    /// The pass that it belongs to; nothing where it holds for all.
    pass: Option<u64>,
}

/// What is remembered of one kind of result.
pub(super) type Memory<'a, T> = Table<Item<'a>, Memo<T>>;

/// A table that is never gone through in its order, with a fast hash: the keys are the configuration's own.
pub(super) type Table<K, V> = HashMap<K, V, FixedState>;

/// The same of keys alone.
pub(super) type Set<K> = HashSet<K, FixedState>;

/// What was touched while something was evaluated.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The instances and blocks.
    pub needs: Needs,
    /// Whether an answer was pending.
    pub pending: bool,
    /// Whether the oracle had a part in it.
    pub asked: bool,
}

/// A kind of result that is remembered.
pub(super) trait Remembered: Clone {
    /// Gives the memory for it.
    fn memory<'e, 'a>(evaluator: &'e mut Evaluator<'a>) -> &'e mut Memory<'a, Self>;

    /// Says whether it is known at every depth.
    fn is_whole(&self) -> bool;
}

impl<'a> Pass<'_, 'a> {
    /// Gives an item's result: remembered, or made by `make`, whose problems are told once.
    pub(super) fn once<T: Remembered>(
        &mut self,
        item: Item<'a>,
        make: impl FnOnce(&mut Self) -> Eval<T>,
    ) -> Eval<T> {
        let (pass, round) = (self.evaluator.pass, self.evaluator.round);
        if let Some(memo) = T::memory(self.evaluator).get(&item)
            && memo.pass.is_none_or(|known| known == pass)
            && (!memo.asked || memo.round == round)
        {
            let (result, needs) = (memo.result.clone(), memo.needs.clone());
            let (pending, asked) = (memo.pending, memo.asked);
            self.absorb(&needs, pending, asked);
            return result.ok_or_else(Stop::reported);
        }
        if self.evaluator.running_set.contains(&item) {
            return Err(self.cycle(&item));
        }
        self.evaluator.running_set.insert(item.clone());
        self.evaluator.running.push(item.clone());
        self.evaluator.traces.push(Trace::default());
        let made = make(self);
        let trace = self.evaluator.traces.pop().unwrap_or_default();
        self.evaluator.running.pop();
        self.evaluator.running_set.remove(&item);
        let result = self.tell(made);
        let whole = result.as_ref().is_some_and(T::is_whole) && !trace.pending;
        let none = trace.needs.is_empty();
        let needs = if none { self.evaluator.nothing.clone() } else { Rc::new(trace.needs) };
        self.absorb(&needs, trace.pending, trace.asked);
        let memo = Memo {
            result: result.clone(),
            needs,
            pending: trace.pending,
            asked: trace.asked,
            round,
            pass: (!whole).then_some(pass),
        };
        T::memory(self.evaluator).insert(item, memo);
        result.ok_or_else(Stop::reported)
    }

    /// Takes the problems of a result into the pass's, and gives what was made.
    pub(super) fn tell<T>(&mut self, result: Eval<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(stop) => {
                self.report(stop.problems);
                None
            }
        }
    }

    /// Takes problems into the pass's.
    pub(super) fn report(&mut self, problems: Vec<Diagnostic>) {
        for mut problem in problems {
            let config = self.evaluator.config;
            if let Some(block) = problem.span().and_then(|span| config.context(span)) {
                problem = problem.in_block(block);
            }
            if self.evaluator.told.insert(problem.clone()) {
                self.evaluator.problems.push(problem);
                self.evaluator.owners.push(self.evaluator.owner);
            }
        }
    }

    /// Notes that what is being evaluated was made from an instance or block.
    pub(super) fn need(&mut self, address: Address) {
        if let Some(trace) = self.evaluator.traces.last_mut() {
            trace.needs.insert(address);
        }
    }

    /// Notes that what is being evaluated touched a pending answer.
    pub(super) fn touch_pending(&mut self) {
        self.evaluator.pending = true;
        if let Some(trace) = self.evaluator.traces.last_mut() {
            trace.pending = true;
        }
    }

    /// Takes over what something else was made from.
    pub(super) fn absorb(&mut self, needs: &Needs, pending: bool, asked: bool) {
        if let Some(trace) = self.evaluator.traces.last_mut() {
            trace.needs.extend(needs.iter().cloned());
            trace.pending |= pending;
            trace.asked |= asked;
        }
    }

    /// Evaluates something with a trace of its own, which is given rather than taken over.
    pub(super) fn traced<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> (T, Trace) {
        self.evaluator.traces.push(Trace::default());
        let made = make(self);
        let trace = self.evaluator.traces.pop().unwrap_or_default();
        (made, trace)
    }

    /// Gives the names that the innermost trace has so far.
    pub(super) fn trace_mut(&mut self) -> Option<&mut Trace> {
        self.evaluator.traces.last_mut()
    }
}
