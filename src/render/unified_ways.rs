//! A shortest way from one list of lines to another, lines given as numbers.
//!
//! Lines that the other side does not have at all, and many of those that it has too often to say anything,
//! are changed lines from the start (`Ways::telling`). The others are halved again and again where the ways from
//! both ends meet.

/// What is compared, and what is found out.
pub(super) struct Ways {
    /// The lines that are looked at, of each side.
    lines: [Vec<usize>; 2],
    /// Where these stand.
    places: [Vec<usize>; 2],
    /// The changed lines of each side, with an unchanged one before the first and after the last.
    changed: [Vec<bool>; 2],
    /// How far the ways from the start and from the end came on each diagonal.
    ahead: Vec<isize>,
    back: Vec<isize>,
    /// From how many steps on a good way is taken for the shortest.
    patience: usize,
}

/// A part of both lists: where it starts and ends in each.
#[derive(Clone, Copy)]
struct Part {
    old: (isize, isize),
    new: (isize, isize),
}

impl Ways {
    /// Says which lines of both sides changed; the numbers of the lines are below `kinds`.
    pub(super) fn between(sides: [&[usize]; 2], kinds: usize) -> [Vec<bool>; 2] {
        let [places_old, places_new] = telling(sides, kinds);
        let places = [places_old, places_new];
        let mut changed = sides.map(|lines| vec![false; lines.len() + 2]);
        for side in [0, 1] {
            changed[side][1..=sides[side].len()].fill(true);
            for &place in &places[side] {
                changed[side][place + 1] = false;
            }
        }
        let lines =
            [0, 1].map(|side| places[side].iter().map(|&place| sides[side][place]).collect());
        let lines: [Vec<usize>; 2] = lines;
        let diagonals = lines[0].len() + lines[1].len() + 3;
        let mut patience = 1;
        let mut rest = diagonals;
        while rest != 0 {
            patience *= 2;
            rest /= 4;
        }
        let whole = Part { old: (0, length(&lines[0])), new: (0, length(&lines[1])) };
        let mut ways = Ways {
            lines,
            places,
            changed,
            ahead: vec![0; diagonals],
            back: vec![0; diagonals],
            patience: patience.max(4096),
        };
        ways.compare(whole, false);
        ways.changed
    }

    fn same(&self, old: isize, new: isize) -> bool {
        self.lines[0][index(old)] == self.lines[1][index(new)]
    }

    fn mark(&mut self, side: usize, (start, end): (isize, isize)) {
        for at in start..end {
            let place = self.places[side][index(at)];
            self.changed[side][place + 1] = true;
        }
    }

    fn compare(&mut self, part: Part, shortest: bool) {
        let Part { mut old, mut new } = part;
        while old.0 < old.1 && new.0 < new.1 && self.same(old.0, new.0) {
            old.0 += 1;
            new.0 += 1;
        }
        while old.0 < old.1 && new.0 < new.1 && self.same(old.1 - 1, new.1 - 1) {
            old.1 -= 1;
            new.1 -= 1;
        }
        if old.0 == old.1 {
            self.mark(1, new);
        } else if new.0 == new.1 {
            self.mark(0, old);
        } else {
            let (at, shortest) = self.middle(Part { old, new }, shortest);
            self.compare(Part { old: (old.0, at.0), new: (new.0, at.1) }, shortest.0);
            self.compare(Part { old: (at.0, old.1), new: (at.1, new.1) }, shortest.1);
        }
    }

    /// Gives a point on a shortest way, and whether its halves are to be shortest ways too.
    fn middle(&mut self, part: Part, shortest: bool) -> ((isize, isize), (bool, bool)) {
        let Part { old, new } = part;
        // A diagonal is an old place less a new one.
        let shift = length(&self.lines[1]) + 1;
        let slot = |diagonal: isize| index(diagonal + shift);
        let (least, most) = (old.0 - new.1, old.1 - new.0);
        let (from, to) = (old.0 - new.0, old.1 - new.1);
        let (mut ahead, mut back) = ((from, from), (to, to));
        let odd = (from - to) % 2 != 0;
        self.ahead[slot(from)] = old.0;
        self.back[slot(to)] = old.1;
        for cost in 1.. {
            widen(&mut self.ahead, &mut ahead, (least, most), -1, slot);
            for diagonal in (ahead.0..=ahead.1).rev().step_by(2) {
                let (low, high) = (self.ahead[slot(diagonal - 1)], self.ahead[slot(diagonal + 1)]);
                let mut at = if low < high { high } else { low + 1 };
                while at < old.1 && at - diagonal < new.1 && self.same(at, at - diagonal) {
                    at += 1;
                }
                self.ahead[slot(diagonal)] = at;
                let met = odd && (back.0..=back.1).contains(&diagonal);
                if met && self.back[slot(diagonal)] <= at {
                    return ((at, at - diagonal), (true, true));
                }
            }
            widen(&mut self.back, &mut back, (least, most), isize::MAX, slot);
            for diagonal in (back.0..=back.1).rev().step_by(2) {
                let (low, high) = (self.back[slot(diagonal - 1)], self.back[slot(diagonal + 1)]);
                let mut at = if low < high { low } else { high - 1 };
                let begun = |at: isize| old.0 < at && new.0 < at - diagonal;
                while begun(at) && self.same(at - 1, at - diagonal - 1) {
                    at -= 1;
                }
                self.back[slot(diagonal)] = at;
                let met = !odd && (ahead.0..=ahead.1).contains(&diagonal);
                if met && at <= self.ahead[slot(diagonal)] {
                    return ((at, at - diagonal), (true, true));
                }
            }
            if !shortest && cost >= self.patience {
                return self.furthest(part, ahead, back, slot);
            }
        }
        ((old.0, new.0), (true, true))
    }

    /// Gives the end of the way that came furthest.
    fn furthest(
        &self,
        Part { old, new }: Part,
        ahead: (isize, isize),
        back: (isize, isize),
        slot: impl Fn(isize) -> usize,
    ) -> ((isize, isize), (bool, bool)) {
        let mut first = (-1, 0);
        for diagonal in (ahead.0..=ahead.1).rev().step_by(2) {
            let at = self.ahead[slot(diagonal)].min(old.1).min(new.1 + diagonal);
            first = if first.0 < 2 * at - diagonal { (2 * at - diagonal, at) } else { first };
        }
        let mut last = (isize::MAX, 0);
        for diagonal in (back.0..=back.1).rev().step_by(2) {
            let at = self.back[slot(diagonal)].max(old.0).max(new.0 + diagonal);
            last = if 2 * at - diagonal < last.0 { (2 * at - diagonal, at) } else { last };
        }
        if (old.1 + new.1) - last.0 < first.0 - (old.0 + new.0) {
            ((first.1, first.0 - first.1), (true, false))
        } else {
            ((last.1, last.0 - last.1), (false, true))
        }
    }
}

/// Takes one more diagonal on each side, as far as there are some.
fn widen(
    reached: &mut [isize],
    range: &mut (isize, isize),
    (least, most): (isize, isize),
    nowhere: isize,
    slot: impl Fn(isize) -> usize,
) {
    if range.0 > least {
        range.0 -= 1;
        reached[slot(range.0 - 1)] = nowhere;
    } else {
        range.0 += 1;
    }
    if range.1 < most {
        range.1 += 1;
        reached[slot(range.1 + 1)] = nowhere;
    } else {
        range.1 -= 1;
    }
}

fn length(lines: &[usize]) -> isize {
    isize::try_from(lines.len()).expect("a list is in memory")
}

fn index(at: isize) -> usize {
    usize::try_from(at).expect("a place is in its list")
}

/// What is thought of a line before the comparison.
#[derive(Clone, Copy, PartialEq)]
enum Weight {
    /// It is compared.
    Telling,
    /// The other side has it so often that it says little.
    Common,
    /// The other side does not have it.
    Alone,
}

/// Gives the places of the lines of both sides that are to be compared.
fn telling(sides: [&[usize]; 2], kinds: usize) -> [Vec<usize>; 2] {
    let counts = sides.map(|lines| {
        let mut counts = vec![0_usize; kinds];
        for &line in lines {
            counts[line] += 1;
        }
        counts
    });
    [0, 1].map(|side| {
        let lines = sides[side];
        let many = 5 * root(lines.len() / 64);
        let weigh = |&line: &usize| match counts[1 - side][line] {
            0 => Weight::Alone,
            count if count > many => Weight::Common,
            _ => Weight::Telling,
        };
        let mut weights: Vec<Weight> = lines.iter().map(weigh).collect();
        let mut at = 0;
        while at < weights.len() {
            match weights[at] {
                Weight::Telling => {}
                Weight::Common => weights[at] = Weight::Telling,
                Weight::Alone => at = doubt(&mut weights, at),
            }
            at += 1;
        }
        (0..weights.len()).filter(|&at| weights[at] == Weight::Telling).collect()
    })
}

/// About the square root, as a power of two.
fn root(mut number: usize) -> usize {
    let mut root = 1;
    number /= 4;
    while number > 0 {
        root *= 2;
        number /= 4;
    }
    root
}

/// Decides of the common lines in a run of lines that are not telling; gives the place to go on after.
fn doubt(weights: &mut [Weight], start: usize) -> usize {
    let run = weights[start..].iter().take_while(|&&weight| weight != Weight::Telling).count();
    let run = &mut weights[start..start + run];
    let inner = run.iter().rposition(|&weight| weight == Weight::Alone).map_or(0, |at| at + 1);
    run[inner..].fill(Weight::Telling);
    let run = &mut run[..inner];
    let common = run.iter().filter(|&&weight| weight == Weight::Common).count();
    if common * 4 > run.len() {
        for weight in run.iter_mut().filter(|weight| **weight == Weight::Common) {
            *weight = Weight::Telling;
        }
        // The lines that were looked at here are looked at again, one by one.
        return start;
    }
    let least = root(run.len() / 4) + 1;
    let mut at = 0;
    while at < run.len() {
        let row = run[at..].iter().take_while(|&&weight| weight == Weight::Common).count();
        if row >= least {
            run[at..at + row].fill(Weight::Telling);
        }
        at += row.max(1);
    }
    keep_edge(run.iter_mut());
    keep_edge(run.iter_mut().rev());
    start + run.len() - 1
}

/// Makes common lines telling until three lines in a row are not, or the first such line from the ninth on.
fn keep_edge<'a>(run: impl Iterator<Item = &'a mut Weight>) {
    let mut row = 0;
    for (at, weight) in run.enumerate() {
        match weight {
            Weight::Alone if at >= 8 => return,
            Weight::Alone => row += 1,
            Weight::Common => {
                row = 0;
                *weight = Weight::Telling;
            }
            Weight::Telling => row = 0,
        }
        if row == 3 {
            return;
        }
    }
}
