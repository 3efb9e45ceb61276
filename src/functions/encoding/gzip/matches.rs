//! Text as literals and references to what stands before: hash chains over a window of 32 KiB,
//! and matches that are put off by one place where the next place may have a longer one.

/// A reference is at least so long.
const SHORTEST: usize = 4;
/// A reference is at most so long.
const LONGEST: usize = 258;
/// So far back a reference reaches.
const WINDOW: usize = 1 << 15;
/// No place is looked at before so many bytes after it are there, but at the end of all.
const AHEAD: usize = SHORTEST + LONGEST;
/// So many tokens make a block.
const BLOCK: usize = 1 << 14;
/// The shortest references must not reach farther: they would cost more than they save.
const NEAR: usize = 4096;
const HASH_BITS: u32 = 17;

/// After a match of this length no better one is looked for at the next place.
const LAZY: usize = 16;
/// A match of this length ends the search.
const NICE: usize = 128;
/// So many candidates are looked at.
const CHAIN: usize = 128;

/// A piece of compressed text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    /// A byte as it is.
    Literal(u8),
    /// So many bytes, as they stand so far back.
    Match { length: usize, distance: usize },
}

/// Splits bytes into blocks of tokens; each is given with the bytes that it stands for, unless they
/// have left the window.
pub(super) fn split(bytes: &[u8], mut write: impl FnMut(&[Token], Option<&[u8]>)) {
    let mut splitter = Splitter {
        bytes,
        heads: vec![0; 1 << HASH_BITS],
        before: vec![0; WINDOW],
        at: 0,
        base: 0,
        end: 0,
        block_start: Some(0),
        head: None,
        found: (SHORTEST - 1, 0),
        pending: false,
        tokens: Vec::with_capacity(BLOCK),
    };
    while splitter.end < bytes.len() {
        splitter.fill();
        splitter.run(splitter.end == bytes.len(), &mut write);
    }
}

struct Splitter<'a> {
    bytes: &'a [u8],
    /// For each hash the last place that has it, counted from one.
    heads: Vec<usize>,
    /// For each place of the window the place before it with the same hash, counted from one.
    before: Vec<usize>,
    at: usize,
    /// Where the window begins. It moves by its half, and nothing before it is looked at.
    base: usize,
    /// Where the window ends.
    end: usize,
    /// Where the block begins; nothing once that has left the window.
    block_start: Option<usize>,
    /// The last place that has the hash of the place looked at last.
    head: Option<usize>,
    /// Length and distance of the match at the last place; too short where there was none.
    found: (usize, usize),
    /// Whether the byte at the last place is still to be written.
    pending: bool,
    tokens: Vec<Token>,
}

impl Splitter<'_> {
    /// Lets the window see more of the text.
    fn fill(&mut self) {
        if self.at >= self.base + 2 * WINDOW - AHEAD {
            self.base += WINDOW;
            self.block_start = self.block_start.filter(|start| *start >= self.base);
        }
        self.end = self.bytes.len().min(self.base + 2 * WINDOW);
    }

    fn run(&mut self, last: bool, write: &mut impl FnMut(&[Token], Option<&[u8]>)) {
        loop {
            let ahead = self.end - self.at;
            if ahead < AHEAD && !last {
                return;
            }
            if ahead == 0 {
                break;
            }
            self.step(ahead);
            if self.tokens.len() == BLOCK {
                // The byte at a place that waits for its successor is not part of the block.
                let end = if self.pending { self.at - 1 } else { self.at };
                self.flush(end, write);
            }
        }
        if self.pending {
            self.tokens.push(Token::Literal(self.bytes[self.at - 1]));
        }
        if !self.tokens.is_empty() {
            self.flush(self.at, write);
        }
    }

    fn flush(&mut self, end: usize, write: &mut impl FnMut(&[Token], Option<&[u8]>)) {
        write(&self.tokens, self.block_start.map(|start| &self.bytes[start..end]));
        self.block_start = Some(end);
        self.tokens.clear();
    }

    /// Looks at one place, and writes what stood at the one before.
    fn step(&mut self, ahead: usize) {
        if let Some(head) = self.insert(self.at) {
            self.head = head;
        }
        let (length, distance) = self.found;
        self.found = (SHORTEST - 1, 0);
        let least = self.at.saturating_sub(WINDOW).max(self.base);
        if let Some(head) = self.head.filter(|head| *head >= least)
            && ahead > length
            && length < LAZY
        {
            self.found = self.search(head, ahead);
        }
        if length >= SHORTEST && self.found.0 <= length {
            self.tokens.push(Token::Match { length, distance });
            let next = self.at + length - 1;
            for place in self.at + 1..next {
                self.insert(place);
            }
            self.at = next;
            self.pending = false;
            self.found.0 = SHORTEST - 1;
        } else {
            if self.pending {
                self.tokens.push(Token::Literal(self.bytes[self.at - 1]));
            }
            self.at += 1;
            self.pending = true;
        }
    }

    /// Enters a place by its hash; gives the place before it that has the same one. Near the end of
    /// the text there is none.
    fn insert(&mut self, place: usize) -> Option<Option<usize>> {
        if place + SHORTEST > self.end {
            return None;
        }
        let four = self.bytes[place..place + SHORTEST].try_into().expect("four bytes are four");
        let hash = u32::from_be_bytes(four).wrapping_mul(0x1e35_a7bd) >> (32 - HASH_BITS);
        let head = std::mem::replace(&mut self.heads[hash as usize], place + 1);
        self.before[place % WINDOW] = head;
        Some(head.checked_sub(1))
    }

    /// Seeks the longest match among the places of a chain; of equal ones the nearest.
    fn search(&self, head: usize, ahead: usize) -> (usize, usize) {
        let longest = ahead.min(LONGEST);
        let here = &self.bytes[self.at..self.at + longest];
        let (mut length, mut distance) = (SHORTEST - 1, 0);
        let mut place = head;
        for _ in 0..CHAIN {
            let there = &self.bytes[place..place + longest];
            if there[length] == here[length] {
                let same = here.iter().zip(there).take_while(|(here, there)| here == there).count();
                let back = self.at - place;
                if same > length && (same > SHORTEST || back <= NEAR) {
                    (length, distance) = (same, back);
                    if same >= NICE.min(longest) {
                        break;
                    }
                }
            }
            // What is farther back has been written over.
            let least = self.at.saturating_sub(WINDOW).max(self.base);
            match self.before[place % WINDOW].checked_sub(1) {
                Some(before) if place + WINDOW != self.at && before >= least => place = before,
                _ => break,
            }
        }
        (length, distance)
    }
}
