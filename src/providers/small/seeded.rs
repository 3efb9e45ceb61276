//! Random numbers from a seed, the same as the original provider draws for it.
//!
//! That one uses an additive lagged Fibonacci generator, `y(n) = y(n-273) + y(n-607)` modulo 2⁶⁴, which is
//! "warmed up" by 7.8·10¹² steps before a seed is mixed in. Here those steps are leapt over: the step is a
//! multiplication by x in the ring of polynomials modulo `x⁶⁰⁷ = x³³⁴ + 1`, so many steps are a power of x.

use std::sync::LazyLock;

use super::random_bytes;
use crate::providers::ApiError;

const LENGTH: usize = 607;
const LAG: usize = 273;
/// How many steps the warm-up takes.
const WARM_UP: u64 = 7_800_000_000_000;
const PRIME: i64 = (1 << 31) - 1;

/// A source of random numbers.
pub(super) enum Seeded {
    /// Of the system.
    System,
    /// From a seed: the last numbers drawn, and how many were drawn in all.
    Seed(Box<[u64; LENGTH]>, usize),
}

impl Seeded {
    /// Gives the source for a seed; that of the system where there is none.
    pub(super) fn new(seed: Option<&str>) -> Seeded {
        let Some(seed) = seed else { return Seeded::System };
        let mut state = Box::new([0; LENGTH]);
        let number = i64::from_ne_bytes(checksum(seed.as_bytes()).to_ne_bytes());
        for (place, drawn) in scattered(number, 20).into_iter().enumerate() {
            state[at(place)] = drawn ^ WARM[at(place)];
        }
        Seeded::Seed(state, 0)
    }

    /// Draws 64 bits.
    fn draw(&mut self) -> Result<u64, ApiError> {
        match self {
            Seeded::System => {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&random_bytes(8)?);
                Ok(u64::from_le_bytes(bytes))
            }
            Seeded::Seed(state, drawn) => {
                let place = *drawn % LENGTH;
                let number = state[place].wrapping_add(state[(place + LENGTH - LAG) % LENGTH]);
                state[place] = number;
                *drawn += 1;
                Ok(number)
            }
        }
    }

    /// Draws a number below a bound, each equally likely. The bound is at least 1.
    pub(super) fn below(&mut self, bound: u64) -> Result<u64, ApiError> {
        // Small bounds are drawn from the upper 31 of 63 bits.
        let (bits, shift) = if bound < (1 << 31) { (31, 32) } else { (63, 0) };
        let bound = bound.clamp(1, 1 << 63);
        let top = (1_u64 << bits) - 1;
        let limit = top - (top % bound + 1) % bound;
        loop {
            let number = (self.draw()? & (u64::MAX >> 1)) >> shift;
            if number <= limit {
                return Ok(number % bound);
            }
        }
    }

    /// Gives the numbers below a bound in a random order.
    pub(super) fn permutation(&mut self, bound: usize) -> Result<Vec<usize>, ApiError> {
        let mut order: Vec<usize> = vec![0; bound];
        for place in 0..bound {
            let other = self.below(place as u64 + 1)?;
            let other = usize::try_from(other).unwrap_or(0);
            order[place] = order[other];
            order[other] = place;
        }
        Ok(order)
    }
}

/// Gives where the generator keeps what stands at a place of its original's list, in the order of drawing.
fn at(place: usize) -> usize {
    (LENGTH - LAG - 1 + LENGTH - place) % LENGTH
}

/// Spreads a seed over the generator's numbers, by multiplication with 48271 modulo 2³¹ - 1.
fn scattered(seed: i64, shift: u32) -> Vec<u64> {
    let seed = match seed.rem_euclid(PRIME) {
        0 => 89_482_311,
        seed => seed,
    };
    let mut number = u64::try_from(seed).unwrap_or(1);
    let mut next = || {
        number = number * 48_271 % PRIME.unsigned_abs();
        number
    };
    for _ in 0..20 {
        next();
    }
    (0..LENGTH).map(|_| (next() << (2 * shift)) ^ (next() << shift) ^ next()).collect()
}

/// The generator's numbers after the warm-up, in the order of drawing.
static WARM: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut numbers = vec![0_u64; LENGTH];
    for (place, number) in scattered(1, 10).into_iter().enumerate() {
        numbers[at(place)] = number;
    }
    for place in LENGTH..2 * LENGTH {
        let next = numbers[place - LAG].wrapping_add(numbers[place - LENGTH]);
        numbers.push(next);
    }
    let power = power(WARM_UP);
    let drawn = (0..LENGTH).map(|first| {
        let terms = power.iter().zip(&numbers[first..]);
        terms.fold(0_u64, |sum, (factor, number)| sum.wrapping_add(factor.wrapping_mul(*number)))
    });
    // The last number drawn stands where the warm-up ended; places are counted from there.
    let turn = usize::try_from(WARM_UP % LENGTH as u64).unwrap_or(0);
    let drawn: Vec<u64> = drawn.collect();
    (0..LENGTH).map(|place| drawn[(place + LENGTH - turn) % LENGTH]).collect()
});

/// Gives x to a power, modulo `x⁶⁰⁷ = x³³⁴ + 1`.
fn power(exponent: u64) -> Vec<u64> {
    let mut power = vec![0_u64; LENGTH];
    power[0] = 1;
    for bit in (0..u64::BITS - exponent.leading_zeros()).rev() {
        let mut square = vec![0_u64; 2 * LENGTH];
        for (place, factor) in power.iter().enumerate().filter(|(_, factor)| **factor != 0) {
            for (other, number) in power.iter().enumerate() {
                let sum = square[place + other].wrapping_add(factor.wrapping_mul(*number));
                square[place + other] = sum;
            }
        }
        if exponent >> bit & 1 == 1 {
            square.rotate_right(1);
        }
        for place in (LENGTH..2 * LENGTH).rev() {
            let over = std::mem::take(&mut square[place]);
            square[place - LENGTH] = square[place - LENGTH].wrapping_add(over);
            square[place - LAG] = square[place - LAG].wrapping_add(over);
        }
        square.truncate(LENGTH);
        power = square;
    }
    power
}

/// Gives the CRC-64 of ISO 3309.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |crc: u64, byte: &u8| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xD800_0000_0000_0000 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u64::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_what_the_original_draws() {
        let mut seeded = Seeded::new(Some("12345"));

        let drawn: Vec<u64> = (0..4).map(|_| seeded.below(50_000).unwrap()).collect();
        let order = seeded.permutation(8).unwrap();
        let large = seeded.below(1 << 40).unwrap();

        assert_eq!(drawn, [22_643, 49_832, 14_643, 35_756]);
        assert_eq!(order, [3, 1, 7, 5, 4, 2, 0, 6]);
        assert_eq!(large, 897_130_759_920);
        for _ in 0..700 {
            seeded.below(1000).unwrap();
        }
        assert_eq!((seeded.below(1000).unwrap(), seeded.below(64).unwrap()), (107, 37));
    }
}
