//! Format strings, taken apart: literal text and verbs such as `%-5.2f` or `%[2]s`.

/// A part of a format string.
pub(super) enum Piece<'a> {
    /// Text to be taken over.
    Literal(&'a str),
    /// A place for an argument.
    Verb(Verb<'a>),
}

/// A verb with its flags.
pub(super) struct Verb<'a> {
    /// All of it.
    pub(super) text: &'a str,
    /// Where it begins.
    pub(super) offset: usize,
    /// What it says to do.
    pub(super) letter: char,
    /// Which argument it names, counted from zero.
    pub(super) argument: Option<usize>,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) sharp: bool,
    pub(super) zero: bool,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) space: bool,
}

/// The widest and most precise that is done.
const LIMIT: usize = 1_000_000;

/// Takes a format string apart, or says where it stops to be one.
pub(super) fn parse(format: &str) -> impl Iterator<Item = Result<Piece<'_>, String>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = format.get(at..).filter(|rest| !rest.is_empty())?;
        let literal = rest.find('%').unwrap_or(rest.len());
        if literal > 0 {
            at += literal;
            return Some(Ok(Piece::Literal(&rest[..literal])));
        }
        let found = verb(format, at);
        at = match &found {
            Ok(verb) => at + verb.text.len(),
            Err(_) => format.len(),
        };
        Some(found.map(Piece::Verb))
    })
}

fn verb(format: &str, offset: usize) -> Result<Verb<'_>, String> {
    let mut reader = Reader { format, at: offset + 1 };
    let mut verb = Verb {
        text: "",
        offset,
        letter: '%',
        argument: None,
        width: None,
        precision: None,
        sharp: false,
        zero: false,
        minus: false,
        plus: false,
        space: false,
    };
    while let Some(flag) = reader.peek() {
        match flag {
            '#' => verb.sharp = true,
            '0' => verb.zero = true,
            '-' => verb.minus = true,
            '+' => verb.plus = true,
            ' ' => verb.space = true,
            _ => break,
        }
        reader.at += 1;
    }
    verb.width = reader.number()?;
    let mut bare = false;
    if reader.peek() == Some('.') {
        reader.at += 1;
        let precision = reader.number()?;
        bare = precision.is_none();
        verb.precision = Some(precision.unwrap_or(0));
    }
    if reader.peek() == Some('[') {
        reader.at += 1;
        if !matches!(reader.peek(), Some('1'..='9')) {
            return Err(reader.wrong());
        }
        let number = reader.number()?.unwrap_or(1);
        if reader.peek() != Some(']') {
            return Err(reader.wrong());
        }
        reader.at += 1;
        verb.argument = Some(number - 1);
    }
    match reader.peek() {
        Some(letter)
            if letter.is_ascii_alphabetic() || letter == '%' && reader.at == offset + 1 =>
        {
            verb.letter = letter;
            // A point alone cuts no text, but rounds a number.
            if bare && matches!(letter, 's' | 'q' | 'v') {
                verb.precision = None;
            }
            verb.text = &format[offset..=reader.at];
            Ok(verb)
        }
        _ => Err(reader.wrong()),
    }
}

struct Reader<'a> {
    format: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.format[self.at..].chars().next()
    }

    fn wrong(&self) -> String {
        match self.peek() {
            Some(character) => {
                format!("unrecognized format character {character:?} at offset {}", self.at)
            }
            None => format!("invalid format string starting at offset {}", self.at),
        }
    }

    fn number(&mut self) -> Result<Option<usize>, String> {
        let rest = &self.format[self.at..];
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return Ok(None);
        }
        let number = rest[..length].parse().ok().filter(|number| *number <= LIMIT);
        let number = number.ok_or_else(|| format!("number too large at offset {}", self.at))?;
        self.at += length;
        Ok(Some(number))
    }
}
