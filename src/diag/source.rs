//! The loaded files, and where in them a span is.

use unicode_segmentation::UnicodeSegmentation;

use super::{FileId, Span};

/// What stands in a text for a byte that is not UTF-8: one byte too, so that places stay what they are.
pub const BAD_BYTE: char = '\u{1a}';

/// Makes a text of a file's bytes; what is not UTF-8 becomes `BAD_BYTE`.
pub fn from_bytes(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut text = String::with_capacity(error.as_bytes().len());
        for chunk in error.as_bytes().utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|_| BAD_BYTE));
        }
        text
    })
}

/// The files of a run: names as people know them (relative to the working directory), and texts.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
    /// Those whose text is not shown.
    unseen: Vec<FileId>,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    text: String,
    /// The byte at which each line starts: places are asked for once a block.
    lines: Vec<usize>,
}

/// A span for people: 1-based line and column (in grapheme clusters), 0-based byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in grapheme clusters.
    pub column: usize,
    /// The byte's offset in the file.
    pub byte: usize,
}

/// What most lines are longer than, in bytes.
const LINE: usize = 16;

impl Sources {
    /// Takes in a file.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let text = text.into();
        let mut lines = Vec::with_capacity(text.len() / LINE + 1);
        lines.push(0);
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                lines.push(at + 1);
            }
        }
        self.files.push(File { name: name.into(), text, lines });
        FileId(id)
    }

    /// Takes in a text that is not shown: what somebody wrote elsewhere than in a file.
    pub fn add_unseen(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = self.add(name, text);
        self.unseen.push(id);
        id
    }

    /// Says whether a file's text may be shown.
    pub fn is_seen(&self, file: FileId) -> bool {
        !self.unseen.contains(&file) && (file.0 as usize) < self.files.len()
    }

    /// Gives a file's name.
    pub fn name(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |file| &file.name)
    }

    /// Gives a file's text.
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |file| &file.text)
    }

    /// Gives the text of a span; empty where it does not lie in the file.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Gives line and column of a span's start.
    pub fn start(&self, span: Span) -> Place {
        self.place(span.file, span.start as usize)
    }

    /// Gives line and column of a span's end.
    pub fn end(&self, span: Span) -> Place {
        self.place(span.file, span.end as usize)
    }

    /// Gives `file:line` of a span's start.
    pub fn file_line(&self, span: Span) -> String {
        let line = self.line_of(span.file, span.start as usize);
        format!("{}:{line}", self.name(span.file))
    }

    /// Gives a line's text by its number from 1, without its end.
    pub fn line(&self, file: FileId, line: usize) -> &str {
        let start =
            self.files.get(file.0 as usize).and_then(|file| file.lines.get(line.max(1) - 1));
        start.and_then(|start| self.text(file)[*start..].lines().next()).unwrap_or("")
    }

    /// Gives the byte at which the line that a byte is in begins.
    pub fn line_start(&self, file: FileId, byte: usize) -> usize {
        let line = self.line_of(file, byte);
        let lines = self.files.get(file.0 as usize).map(|file| &file.lines);
        lines.and_then(|lines| lines.get(line - 1)).copied().unwrap_or(0)
    }

    /// Gives all files in the order they were taken in.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &str, &str)> {
        (0..)
            .map(FileId)
            .zip(&self.files)
            .map(|(id, file)| (id, file.name.as_str(), file.text.as_str()))
    }

    /// Gives the line that a byte is in, from 1.
    pub fn line_of(&self, file: FileId, byte: usize) -> usize {
        let lines = self.files.get(file.0 as usize).map_or(&[][..], |file| &file.lines);
        lines.partition_point(|start| *start <= byte).max(1)
    }

    fn place(&self, file: FileId, byte: usize) -> Place {
        let text = self.text(file);
        let mut at = byte.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.line_of(file, at);
        let start = self.line_start(file, at);
        // A byte order mark before the text is not a part of its first line.
        let whole = &text[start..at];
        let marked = start == 0 && !self.name(file).ends_with(".json");
        let before = if marked { whole.strip_prefix('\u{feff}').unwrap_or(whole) } else { whole };
        // Of plain letters each is one, without a look at all: a line may be long, and have many problems.
        let letters = if before.is_ascii() { before.len() } else { before.graphemes(true).count() };
        // Terraform counts a tab of a file in JSON as two columns.
        let json = self.name(file).ends_with(".json");
        let tabs = if json { before.matches('\t').count() } else { 0 };
        // Within a character is after it.
        let within = usize::from(json && at < byte.min(text.len()));
        let column = letters + tabs + within + 1;
        Place { line, column, byte }
    }
}
