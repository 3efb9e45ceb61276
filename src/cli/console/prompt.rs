//! The prompt of the console on a terminal: history, completion, texts of several lines.

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::completion::{Words, candidates};
use super::{Handled, Session};
use crate::cli::Exit;
use crate::cli::workbench::Workbench;
use crate::diag::Diagnostic;
use crate::syntax::is_unfinished;

/// What the editor asks while a line is written.
struct Reader {
    words: Words,
}

impl Completer for Reader {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        place: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = candidates(&self.words, line, place);
        let pairs = found.into_iter().map(|word| Pair { display: word.clone(), replacement: word });
        Ok((start, pairs.collect()))
    }
}

impl Validator for Reader {
    fn validate(&self, entered: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = format!("{}\n", entered.input());
        Ok(if is_unfinished(&text) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Hinter for Reader {
    type Hint = String;
}

impl Highlighter for Reader {}

impl Helper for Reader {}

/// Reads and answers until the end is wanted.
pub(super) fn prompt(
    workbench: &mut Workbench<'_, '_>,
    session: &Session<'_>,
    words: Words,
) -> Exit {
    let config = Config::builder().completion_type(CompletionType::List).build();
    let editor = Editor::<Reader, MemHistory>::with_history(config, MemHistory::new());
    let mut editor = match editor {
        Ok(editor) => editor,
        Err(error) => {
            let detail = format!("The terminal cannot be used: {error}.");
            return workbench.fail(&[Diagnostic::error("No prompt", detail)]);
        }
    };
    editor.set_helper(Some(Reader { words }));
    loop {
        let entered = match editor.readline("> ") {
            Ok(entered) => entered,
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return 0,
            Err(error) => {
                let detail = format!("What is typed cannot be read: {error}.");
                return workbench.fail(&[Diagnostic::error("No prompt", detail)]);
            }
        };
        if !entered.trim().is_empty() {
            // A history that is full is no reason to stop.
            let _ = editor.add_history_entry(entered.as_str());
        }
        match session.handle(workbench, &entered) {
            Handled::Said(text) => workbench.screen.line(format!("{text}\n")),
            Handled::Exit => return 0,
            Handled::Wrong(problems) => {
                workbench.tell(&problems);
            }
        }
    }
}
