//! Blocks of tokens as bits: plain, with the fixed codes or with codes of their own, whichever is least.

use super::matches::Token;

const END_OF_BLOCK: usize = 256;
const FIRST_LENGTH: usize = 257;
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
/// The order in which the lengths of the lengths' codes are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The last lengths before it may be repeated, or zeros written at once: how many bits say how many.
const REPEAT_BITS: [u32; 3] = [2, 3, 7];
/// A plain block has at most so many bytes.
const LONGEST_PLAIN: usize = 65535;

/// Bits on their way to bytes, the lowest first.
#[derive(Default)]
pub(super) struct Bits {
    out: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, bits: usize, count: u32) {
        self.waiting |= (bits as u64) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.extend(self.waiting.to_le_bytes().first());
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    fn code(&mut self, code: Code) {
        self.put(code.bits, code.length);
    }

    /// Begins a byte.
    fn align(&mut self) {
        self.put(0, (8 - self.count) % 8);
    }

    /// Takes whole bytes, from the next byte on.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.align();
        self.out.extend_from_slice(bytes);
    }

    /// Gives the bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.out
    }
}

/// Writes a plain block.
pub(super) fn write_stored(out: &mut Bits, bytes: &[u8], last: bool) {
    out.put(usize::from(last), 3);
    let length = u16::try_from(bytes.len()).expect("a plain block is no longer than it may be");
    out.bytes(&length.to_le_bytes());
    out.bytes(&(!length).to_le_bytes());
    out.bytes(bytes);
}

/// Writes a block that is not the last one; `input` is what its tokens stand for, where that is known.
pub(super) fn write(out: &mut Bits, tokens: &[Token], input: Option<&[u8]>) {
    let counts = Counts::of(tokens);
    let own = Codes {
        literals: Code::assign(&counts.literals, 15),
        distances: Code::assign(&counts.distances, 15),
    };
    let header = Header::of(&own, &counts);
    let fixed = Codes::fixed();
    let plain = input.filter(|input| input.len() <= LONGEST_PLAIN);
    // The bits behind the codes are the same in both forms: they count only beside the plain form.
    let extra = if plain.is_some() { counts.extra_bits() } else { 0 };
    let (fixed_size, own_size) =
        (3 + fixed.size(&counts) + extra, header.size() + own.size(&counts) + extra);
    let least = fixed_size.min(own_size);
    match plain {
        Some(plain) if (plain.len() + 5) * 8 < least => write_stored(out, plain, false),
        _ if own_size < fixed_size => {
            header.write(out);
            own.write(out, tokens);
        }
        _ => {
            out.put(2, 3);
            fixed.write(out, tokens);
        }
    }
}

/// How often each symbol stands in a block.
struct Counts {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
}

impl Counts {
    fn of(tokens: &[Token]) -> Counts {
        let mut counts = Counts { literals: [0; LITERALS], distances: [0; DISTANCES] };
        for token in tokens {
            match token {
                Token::Literal(byte) => counts.literals[usize::from(*byte)] += 1,
                Token::Match { length, distance } => {
                    counts.literals[FIRST_LENGTH + Place::of_length(*length).symbol] += 1;
                    counts.distances[Place::of_distance(*distance).symbol] += 1;
                }
            }
        }
        counts.literals[END_OF_BLOCK] += 1;
        // Without a distance there is yet a code for one.
        if counts.distances.iter().all(|count| *count == 0) {
            counts.distances[0] = 1;
        }
        counts
    }

    fn extra_bits(&self) -> usize {
        let lengths = self.literals[FIRST_LENGTH..].iter().enumerate();
        let lengths = lengths.map(|(symbol, count)| *count as usize * length_bits(symbol) as usize);
        let distances = self.distances.iter().enumerate();
        let distances =
            distances.map(|(symbol, count)| *count as usize * distance_bits(symbol) as usize);
        lengths.chain(distances).sum()
    }
}

fn length_bits(symbol: usize) -> u32 {
    if symbol < 8 || symbol == 28 { 0 } else { symbol as u32 / 4 - 1 }
}

fn distance_bits(symbol: usize) -> u32 {
    if symbol < 4 { 0 } else { symbol as u32 / 2 - 1 }
}

/// A length or a distance as its symbol and the bits behind that.
struct Place {
    symbol: usize,
    rest: usize,
    bits: u32,
}

impl Place {
    fn of_length(length: usize) -> Place {
        match length {
            258 => Place { symbol: 28, rest: 0, bits: 0 },
            _ => Place::of(length - 3, 2),
        }
    }

    fn of_distance(distance: usize) -> Place {
        Place::of(distance - 1, 1)
    }

    /// Each power of two is parted into `2 ^ parts` symbols.
    fn of(number: usize, parts: u32) -> Place {
        let bits = (number >> parts).checked_ilog2().unwrap_or(0);
        let symbol = (number >> bits) + ((bits as usize) << parts);
        Place { symbol, rest: number & ((1 << bits) - 1), bits }
    }
}

/// The code of a symbol; without length it has none.
#[derive(Clone, Copy, Default)]
struct Code {
    bits: usize,
    length: u32,
}

impl Code {
    /// Gives the codes for symbols that stand so often: none is longer than `longest`, and together
    /// they are the shortest.
    fn assign(counts: &[u32], longest: usize) -> Vec<Code> {
        let mut used: Vec<usize> = (0..counts.len()).filter(|symbol| counts[*symbol] > 0).collect();
        let mut lengths = vec![0; counts.len()];
        if used.len() <= 2 {
            used.iter().for_each(|symbol| lengths[*symbol] = 1);
            return Code::canonical(&lengths);
        }
        used.sort_by_key(|symbol| counts[*symbol]);
        let frequencies: Vec<u64> = used.iter().map(|symbol| counts[*symbol].into()).collect();
        for rare in leaves_by_row(&frequencies, longest.min(used.len() - 1)) {
            used[..rare].iter().for_each(|symbol| lengths[*symbol] += 1);
        }
        Code::canonical(&lengths)
    }

    /// Gives codes to lengths: the shorter first, and those of one length in the order of symbols.
    fn canonical(lengths: &[u32]) -> Vec<Code> {
        let mut codes = vec![Code::default(); lengths.len()];
        let mut next = 0usize;
        for length in 1..=15 {
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, known)| **known == length) {
                let bits = next.reverse_bits() >> (usize::BITS - length);
                codes[symbol] = Code { bits, length };
                next += 1;
            }
            next <<= 1;
        }
        codes
    }
}

/// Merges packages: for each row, the deepest last, says how many of the rarest symbols are in it.
/// A symbol's code is as long as the number of rows that it is in. Where a symbol and a package weigh
/// the same, the package goes first.
fn leaves_by_row(frequencies: &[u64], rows: usize) -> Vec<usize> {
    let mut merged: Vec<Vec<(u64, bool)>> = Vec::with_capacity(rows);
    for _ in 0..rows {
        let below = merged.last().map(Vec::as_slice).unwrap_or_default();
        let mut packages = below.chunks_exact(2).map(|pair| pair[0].0 + pair[1].0).peekable();
        let mut row = Vec::with_capacity(2 * frequencies.len());
        for frequency in frequencies {
            while let Some(package) = packages.next_if(|package| package <= frequency) {
                row.push((package, false));
            }
            row.push((*frequency, true));
        }
        row.extend(packages.map(|package| (package, false)));
        merged.push(row);
    }
    let mut needed = 2 * frequencies.len() - 2;
    let rows = merged.iter().rev().map(|row| {
        let leaves = row[..needed].iter().filter(|(_, leaf)| *leaf).count();
        needed = 2 * (needed - leaves);
        leaves
    });
    rows.collect()
}

/// The codes of a block.
struct Codes {
    literals: Vec<Code>,
    distances: Vec<Code>,
}

impl Codes {
    /// Gives the codes that need not be written.
    fn fixed() -> Codes {
        let length = |symbol| match symbol {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
        let literals: Vec<u32> = (0..288).map(length).collect();
        Codes { literals: Code::canonical(&literals), distances: Code::canonical(&[5; DISTANCES]) }
    }

    fn size(&self, counts: &Counts) -> usize {
        size(&self.literals, &counts.literals) + size(&self.distances, &counts.distances)
    }

    fn write(&self, out: &mut Bits, tokens: &[Token]) {
        for token in tokens {
            match token {
                Token::Literal(byte) => out.code(self.literals[usize::from(*byte)]),
                Token::Match { length, distance } => {
                    let place = Place::of_length(*length);
                    out.code(self.literals[FIRST_LENGTH + place.symbol]);
                    out.put(place.rest, place.bits);
                    let place = Place::of_distance(*distance);
                    out.code(self.distances[place.symbol]);
                    out.put(place.rest, place.bits);
                }
            }
        }
        out.code(self.literals[END_OF_BLOCK]);
    }
}

fn size(codes: &[Code], counts: &[u32]) -> usize {
    codes.iter().zip(counts).map(|(code, count)| code.length as usize * *count as usize).sum()
}

/// What says the codes of a block: the lengths of their codes, which have codes themselves.
struct Header {
    literals: usize,
    distances: usize,
    /// Lengths, and from 16 on repetitions with how often beyond the least.
    symbols: Vec<(usize, usize)>,
    codes: Vec<Code>,
    /// How many of the codes are written.
    written: usize,
}

impl Header {
    fn of(codes: &Codes, counts: &Counts) -> Header {
        let used =
            |counts: &[u32]| counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let (literals, distances) = (used(&counts.literals), used(&counts.distances));
        let all = codes.literals[..literals].iter().chain(&codes.distances[..distances]);
        let lengths: Vec<usize> = all.map(|code| code.length as usize).collect();
        let mut symbols = Vec::new();
        for run in lengths.chunk_by(|one, other| one == other) {
            shorten(run[0], run.len(), &mut symbols);
        }
        let mut frequencies = [0; 19];
        symbols.iter().for_each(|(symbol, _)| frequencies[*symbol] += 1);
        let codes = Code::assign(&frequencies, 7);
        let last = ORDER.iter().rposition(|symbol| frequencies[*symbol] > 0).unwrap_or(0);
        Header { literals, distances, symbols, codes, written: (last + 1).max(4) }
    }

    fn size(&self) -> usize {
        let bits = |symbol: usize| self.codes[symbol].length + repeat_bits(symbol);
        let symbols: u32 = self.symbols.iter().map(|(symbol, _)| bits(*symbol)).sum();
        3 + 5 + 5 + 4 + 3 * self.written + symbols as usize
    }

    fn write(&self, out: &mut Bits) {
        out.put(4, 3);
        out.put(self.literals - FIRST_LENGTH, 5);
        out.put(self.distances - 1, 5);
        out.put(self.written - 4, 4);
        for symbol in &ORDER[..self.written] {
            out.put(self.codes[*symbol].length as usize, 3);
        }
        for (symbol, more) in &self.symbols {
            out.code(self.codes[*symbol]);
            out.put(*more, repeat_bits(*symbol));
        }
    }
}

fn repeat_bits(symbol: usize) -> u32 {
    symbol.checked_sub(16).map_or(0, |place| REPEAT_BITS[place])
}

/// Writes a run of one length with repetitions, as long as these stand for three or more.
fn shorten(length: usize, mut count: usize, symbols: &mut Vec<(usize, usize)>) {
    let kinds: &[(usize, usize, usize)] = if length == 0 {
        &[(18, 11, 138), (17, 3, 10)]
    } else {
        symbols.push((length, 0));
        count -= 1;
        &[(16, 3, 6)]
    };
    for (symbol, least, most) in kinds {
        while count >= *least {
            let taken = count.min(*most);
            symbols.push((*symbol, taken - least));
            count -= taken;
        }
    }
    symbols.extend(std::iter::repeat_n((length, 0), count));
}
