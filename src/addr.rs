//! Addresses: one type names an instance everywhere.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

/// What kind of block an address speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A `resource`.
    Managed,
    /// A `data` source.
    Data,
    /// An `ephemeral` resource.
    Ephemeral,
}

/// An instance's key: its place by `count`, or its name by `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// By `count`.
    Number(u64),
    /// By `for_each`.
    String(Arc<str>),
}

/// One module call on the way to a module's instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// The call's name.
    pub name: String,
    /// The call's key.
    pub key: Option<Key>,
}

/// The way to a module's instance; empty for the root.
pub type ModulePath = Vec<Step>;

/// An instance of a resource or data source. Without a key it also names the whole block.
///
/// Cheap to clone: the instances of a block share its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    block: Arc<BlockName>,
    /// The instance's key.
    pub key: Option<Key>,
}

/// The names that a block's addresses share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlockName {
    /// The module's instance.
    pub module: ModulePath,
    /// Managed or data.
    pub mode: Mode,
    /// The resource type.
    pub type_name: String,
    /// The block's name.
    pub name: String,
}

impl Ord for BlockName {
    fn cmp(&self, other: &BlockName) -> Ordering {
        // Maps by address compare very many: what nearly all have in common goes the short way.
        if !(self.module.is_empty() && other.module.is_empty()) {
            match self.module.cmp(&other.module) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        match self.mode.cmp(&other.mode) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
        match self.type_name.as_bytes().cmp(other.type_name.as_bytes()) {
            Ordering::Equal => self.name.as_bytes().cmp(other.name.as_bytes()),
            unequal => unequal,
        }
    }
}

impl PartialOrd for BlockName {
    fn partial_cmp(&self, other: &BlockName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Deref for Address {
    type Target = BlockName;

    fn deref(&self) -> &BlockName {
        &self.block
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Address) -> Ordering {
        let blocks = if Arc::ptr_eq(&self.block, &other.block) {
            Ordering::Equal
        } else {
            self.block.cmp(&other.block)
        };
        blocks.then_with(|| self.key.cmp(&other.key))
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Address) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<BlockName> for Address {
    fn from(block: BlockName) -> Address {
        Address { block: Arc::new(block), key: None }
    }
}

impl Address {
    /// Makes the address of a block's only instance in the root module.
    pub fn root(mode: Mode, type_name: &str, name: &str) -> Address {
        let (type_name, name) = (type_name.into(), name.into());
        BlockName { module: Vec::new(), mode, type_name, name }.into()
    }

    /// Gives the address of the same block and instance in another module's instance.
    #[must_use]
    pub fn in_module(&self, module: ModulePath) -> Address {
        let block = BlockName { module, ..BlockName::clone(&self.block) };
        Address { block: Arc::new(block), key: self.key.clone() }
    }

    /// Gives the address without its key: the block in this module's instance.
    #[must_use]
    pub fn block(&self) -> Address {
        Address { key: None, ..self.clone() }
    }

    /// Gives the block in the configuration: without any keys, those of module instances included.
    #[must_use]
    pub fn without_keys(&self) -> Address {
        if self.module.iter().all(|step| step.key.is_none()) {
            return self.block();
        }
        let module = self.module.iter().map(|step| Step { key: None, ..step.clone() }).collect();
        self.block().in_module(module)
    }

    /// Gives what a map holds for this instance or, where the address has no key, for all instances of its block.
    pub fn within<'m, V>(
        &'m self,
        map: &'m BTreeMap<Address, V>,
    ) -> impl Iterator<Item = (&'m Address, &'m V)> {
        // The key is the last that addresses are ordered by: a block's instances stand together, after the block.
        map.range(self..).take_while(move |(address, _)| self.covers(address))
    }

    /// Says whether another is this instance or, where this has no key, an instance of this block.
    pub fn covers(&self, other: &Address) -> bool {
        (self.key.is_none() || self.key == other.key) && self.block == other.block
    }

    /// Gives the address with a key.
    #[must_use]
    pub fn with_key(&self, key: Option<Key>) -> Address {
        Address { key, ..self.clone() }
    }

    /// Says whether this address is, or is an instance of, or lies in what `target` names.
    pub fn is_within(&self, target: &Target) -> bool {
        match target {
            Target::Module(path) => is_module_within(&self.module, path),
            Target::Resource(address) => address.covers(self),
        }
    }
}

/// Says whether a module's instance lies in another; a step without a key means all its instances.
pub fn is_module_within(module: &[Step], whole: &[Step]) -> bool {
    module.len() >= whole.len()
        && module.iter().zip(whole).all(|(step, outer)| {
            step.name == outer.name && (outer.key.is_none() || outer.key == step.key)
        })
}

/// What `-target`, `state mv` and the like name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// All of a module's instance.
    Module(ModulePath),
    /// A block or an instance.
    Resource(Address),
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Number(place) => write!(out, "[{place}]"),
            Key::String(name) => write!(out, "[{}]", quoted(name)),
        }
    }
}

/// Says whether a character is seen as itself: no control character, no blank but the usual one, and nothing that turns the direction
/// of what follows.
fn is_shown(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    !character.is_control() && !turns && (character == ' ' || !character.is_whitespace())
}

/// Writes text as a quoted string of the language.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if is_shown(other) => out.push(other),
            other if u32::from(other) < 0x1_0000 => out += &format!("\\u{:04x}", u32::from(other)),
            other => out += &format!("\\U{:08x}", u32::from(other)),
        }
    }
    let out = out.replace("${", "$${").replace("%{", "%%{");
    out + "\""
}

/// Writes a module's instance: `module.a[0].module.b`; nothing for the root.
pub fn module_text(module: &[Step]) -> String {
    let steps: Vec<String> = module
        .iter()
        .map(|step| {
            let key = step.key.as_ref().map(Key::to_string).unwrap_or_default();
            format!("module.{}{key}", step.name)
        })
        .collect();
    steps.join(".")
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_empty() {
            write!(out, "{}.", module_text(&self.module))?;
        }
        match self.mode {
            Mode::Managed => {}
            Mode::Data => out.write_str("data.")?,
            Mode::Ephemeral => out.write_str("ephemeral.")?,
        }
        write!(out, "{}.{}", self.type_name, self.name)?;
        self.key.as_ref().map_or(Ok(()), |key| key.fmt(out))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Module(path) => out.write_str(&module_text(path)),
            Target::Resource(address) => address.fmt(out),
        }
    }
}

/// Text that is no address, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a resource address: {reason}")]
pub struct AddressError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl FromStr for Target {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Target, AddressError> {
        let error = |reason| AddressError { text: text.to_string(), reason };
        let mut words = words(text).map_err(error)?.into_iter().peekable();
        let mut module = Vec::new();
        while words.next_if(|(word, key)| word == "module" && key.is_none()).is_some() {
            let (name, key) = words.next().ok_or(error("a module's name is missing"))?;
            module.push(Step { name, key });
        }
        if words.peek().is_none() && !module.is_empty() {
            return Ok(Target::Module(module));
        }
        let mode = match words.peek() {
            Some((word, None)) if word == "data" => Mode::Data,
            Some((word, None)) if word == "ephemeral" => Mode::Ephemeral,
            _ => Mode::Managed,
        };
        if mode != Mode::Managed {
            words.next();
        }
        let (type_name, none) = words
            .next()
            .ok_or(error("Resource specification must include a resource type and name"))?;
        let (name, key) = words
            .next()
            .ok_or(error("Resource specification must include a resource type and name"))?;
        if none.is_some() || words.next().is_some() {
            return Err(error("it has the form TYPE.NAME or TYPE.NAME[KEY]"));
        }
        let block = Address::from(BlockName { module, mode, type_name, name });
        Ok(Target::Resource(block.with_key(key)))
    }
}

/// Why a module's address is none of a resource.
const NOT_A_MODULE: &str = "A resource instance address is required here. The module path must be followed by a resource \
                            instance specification";

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        match text.parse()? {
            Target::Resource(address) => Ok(address),
            Target::Module(_) => Err(AddressError { text: text.into(), reason: NOT_A_MODULE }),
        }
    }
}

/// Splits `a.b["k.c"].d[0]` into names with keys.
fn words(text: &str) -> Result<Vec<(String, Option<Key>)>, &'static str> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(fits) {
            return Err("a name is missing or has a character that names cannot have");
        }
        rest = &rest[end..];
        let mut key = None;
        if let Some(inside) = rest.strip_prefix('[') {
            let (found, after) = key_of(inside)?;
            key = Some(found);
            rest = after;
        }
        words.push((name.to_string(), key));
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(words),
            None => return Err("a dot is missing"),
        }
    }
}

/// Reads a key after its `[`, and gives what follows the `]`.
fn key_of(inside: &str) -> Result<(Key, &str), &'static str> {
    if let Some(quoted) = inside.strip_prefix('"') {
        let mut name = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    let rest = quoted[at + 1..].strip_prefix(']').ok_or("a `]` is missing")?;
                    let name = name.replace("$${", "${").replace("%%{", "%{");
                    return Ok((Key::String(name.into()), rest));
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => name.push('\n'),
                    Some((_, 'r')) => name.push('\r'),
                    Some((_, 't')) => name.push('\t'),
                    Some((at, letter @ ('u' | 'U'))) => {
                        let length = if letter == 'u' { 4 } else { 8 };
                        let digits = quoted.get(at + 1..at + 1 + length);
                        let number = digits.and_then(|it| u32::from_str_radix(it, 16).ok());
                        name.push(number.and_then(char::from_u32).ok_or("an escape is none")?);
                        characters.nth(length - 1);
                    }
                    Some((_, other)) => name.push(other),
                    None => break,
                },
                other => name.push(other),
            }
        }
        return Err("a closing quote is missing");
    }
    let (digits, rest) = inside.split_once(']').ok_or("a `]` is missing")?;
    let number = digits.parse().map_err(|_| "a key is a whole number or a quoted name")?;
    Ok((Key::Number(number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_what_it_writes() {
        for text in
            ["a_b.c", "data.a.b[0]", "module.m[\"x.y\\\"z\"].module.n.a.b[\"k\"]", "a.b[\"$${x}\"]"]
        {
            let address: Address = text.parse().unwrap();

            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_in_keys() {
        let address = Address::root(Mode::Managed, "a", "b");
        for (key, text) in [
            ("esc\u{1b}[31m", "a.b[\"esc\\u001b[31m\"]"),
            ("rtl\u{202e}x", "a.b[\"rtl\\u202ex\"]"),
            ("é 😀", "a.b[\"é 😀\"]"),
        ] {
            let address = address.with_key(Some(Key::String(key.into())));

            assert_eq!(address.to_string(), text);
            assert_eq!(text.parse::<Address>().unwrap(), address);
        }
    }

    #[test]
    fn text_that_is_no_address_is_refused() {
        for text in ["", "a", "a.b.c", "a.b[x]", "a.b[\"x]", "a..b", "module.m"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
