//! What is gone, taken out of the configuration: its block with the comment that stands above it, or its key of `for_each`.
//!
//! What refers to the block is told and not edited: what should stand there instead is for people to say. Whether nothing else
//! goes with it a plan tells (`cli/prove.rs`).

use std::path::Path as File;

use super::accept::Editor;
use super::text::Splice;
use super::tree::Wish;
use crate::addr::{Address, Mode};
use crate::config::names::{Subject, references, subject};
use crate::diag::Span;
use crate::syntax;
use crate::syntax::tree::{Body, Expr};

impl Editor<'_> {
    /// Gives the changes of texts by which an instance that is gone is wanted no more.
    ///
    /// # Errors
    /// Why that cannot be written, in full sentences.
    pub fn removed(&self, address: &Address, block: Span) -> Result<Vec<Splice>, String> {
        let line = self.sources.file_line(block);
        if address.key.is_some() {
            let key = self.tracer.key_site(address).map_err(|why| {
                format!("It is gone, and its key {why}: take the key away to leave it so ({line}).")
            })?;
            self.may_edit_at(key)?;
            return Ok(vec![self.without(key)]);
        }
        self.may_edit_at(block)?;
        let whole = self.block_at(block).ok_or("Its block cannot be found.")?;
        let places: Vec<String> = self
            .referring(address, whole)
            .into_iter()
            .map(|span| self.sources.file_line(span))
            .collect();
        if !places.is_empty() {
            return Err(format!(
                "It is gone, and {} refers to it: remove that and its block ({line}) to leave it so.",
                places.join(", ")
            ));
        }
        Ok(vec![self.without_block(whole)])
    }

    fn may_edit_at(&self, span: Span) -> Result<(), String> {
        self.is_editable(span).map_err(|why| format!("It is gone, and its block {why}."))
    }

    /// Gives the whole block that a place is in.
    fn block_at(&self, place: Span) -> Option<Span> {
        let (file, _) = syntax::parse(place.file, self.sources.text(place.file));
        let holds = |span: Span| span.start <= place.start && place.end <= span.end;
        file.body.blocks.iter().map(|block| block.span).find(|span| holds(*span))
    }

    /// Gives the references to a block in the texts of its module, but those in itself.
    fn referring(&self, address: &Address, own: Span) -> Vec<Span> {
        let folder = |name: &str| File::new(name).parent().map(File::to_path_buf);
        let home = folder(self.sources.name(own.file));
        let mut found = Vec::new();
        for (file, name, text) in self.sources.files() {
            if folder(name) != home || !name.ends_with(".tf") {
                continue;
            }
            let (parsed, _) = syntax::parse(file, text);
            let mut look = |expr: &Expr| {
                let named = references(expr).into_iter().filter(|of| names(of, address));
                found.extend(named.map(|of| of.span));
            };
            expressions(&parsed.body, &mut look);
        }
        found
            .retain(|span| span.file != own.file || span.end <= own.start || own.end <= span.start);
        found.sort_by_key(|span| (self.sources.name(span.file), span.start));
        found
    }

    /// Takes a block away with the comment above it and the empty line after it.
    fn without_block(&self, block: Span) -> Splice {
        let text = self.sources.text(block.file);
        let (start, end) = (block.start as usize, block.end as usize);
        let begins = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
        let ends = |at: usize| text[at..].find('\n').map_or(text.len(), |of| at + of + 1);
        let (mut start, mut end) = (begins(start), ends(end));
        while start > 0 {
            let above = begins(start - 1);
            let line = text[above..start].trim();
            if !(line.starts_with('#') || line.starts_with("//")) {
                break;
            }
            start = above;
        }
        let is_empty = |from: usize, to: usize| from < to && text[from..to].trim().is_empty();
        if is_empty(end, ends(end)) {
            end = ends(end);
        } else if start > 0 && is_empty(begins(start - 1), start) {
            start = begins(start - 1);
        }
        let from = block.start as usize;
        let bytes = Splice { file: block.file, start, end, text: String::new() };
        self.by_tree(&Wish::Gone { from }, bytes)
    }
}

/// Says whether an expression names a block.
fn names(expr: &Expr, address: &Address) -> bool {
    match subject(expr) {
        Some((Subject::Resource(Mode::Managed, kind, name), _)) => {
            kind.text == address.type_name && name.text == address.name
        }
        _ => false,
    }
}

/// Visits all expressions of a body and of the blocks in it.
fn expressions(body: &Body, visit: &mut dyn FnMut(&Expr)) {
    body.attributes.iter().for_each(|attribute| visit(&attribute.expr));
    body.blocks.iter().for_each(|block| expressions(&block.body, visit));
}
