//! Two texts as a unified difference, line by line, to the letter as `diff -u` gives it.
//!
//! Of the many shortest ways from one text to another, that one is shown which people know from `diff -u`:
//! the middle of the way is looked for from both ends at once, what is in one text only is left out before,
//! and at last each run of changed lines is moved as far down as it can be (`settle`).

use std::collections::HashMap;
use std::fmt::Write as _;

use super::unified_ways::Ways;

/// How many unchanged lines stand around what changed.
const AROUND: usize = 3;

/// Writes the difference; nothing where there is none.
pub fn unified(old_name: &str, new_name: &str, old: &str, new: &str) -> String {
    let lines: [Vec<&str>; 2] = [old, new].map(|text| text.split_inclusive('\n').collect());
    let runs = runs(&changed(&lines));
    let mut out = String::new();
    if !runs.is_empty() {
        out = format!("--- {old_name}\n+++ {new_name}\n");
    }
    let mut rest = &runs[..];
    while !rest.is_empty() {
        let apart = |pair: &[Run]| pair[1].old.0 - pair[0].old.1 > 2 * AROUND;
        let end = rest.windows(2).position(apart).map_or(rest.len(), |at| at + 1);
        hunk(&mut out, &rest[..end], &lines);
        rest = &rest[end..];
    }
    out
}

/// Lines of the old text that lines of the new one stand for: start and end of each.
struct Run {
    old: (usize, usize),
    new: (usize, usize),
}

/// Gives the runs of changed lines in both texts.
fn runs(changed: &[Vec<bool>; 2]) -> Vec<Run> {
    let mut runs = Vec::new();
    let (mut old, mut new) = (0, 0);
    let is = |side: usize, at: usize| changed[side].get(at).copied().unwrap_or(false);
    while old < changed[0].len() || new < changed[1].len() {
        let start = (old, new);
        while is(0, old) {
            old += 1;
        }
        while is(1, new) {
            new += 1;
        }
        if start == (old, new) {
            old += 1;
            new += 1;
        } else {
            runs.push(Run { old: (start.0, old), new: (start.1, new) });
        }
    }
    runs
}

/// Writes runs that are near each other, and the lines around them.
fn hunk(out: &mut String, runs: &[Run], lines: &[Vec<&str>; 2]) {
    let [Some(first), Some(last)] = [runs.first(), runs.last()] else { return };
    let before = first.old.0.min(AROUND);
    let after = (lines[0].len() - last.old.1).min(AROUND);
    let old = (first.old.0 - before, last.old.1 + after);
    let new = (first.new.0 - before, last.new.1 + after);
    let _ = writeln!(out, "@@ -{} +{} @@", spelled(old), spelled(new));
    let mut at = old.0;
    for run in runs {
        tell(out, ' ', &lines[0][at..run.old.0]);
        tell(out, '-', &lines[0][run.old.0..run.old.1]);
        tell(out, '+', &lines[1][run.new.0..run.new.1]);
        at = run.old.1;
    }
    tell(out, ' ', &lines[0][at..old.1]);
}

/// Spells which lines are meant: the first one's number and how many.
fn spelled((start, end): (usize, usize)) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{end}"),
        count => format!("{},{count}", start + 1),
    }
}

fn tell(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Says of each line of both texts whether it changed.
fn changed(lines: &[Vec<&str>; 2]) -> [Vec<bool>; 2] {
    let mut numbers = HashMap::new();
    let mut number = |line: &str| {
        let next = numbers.len();
        *numbers.entry(line.to_owned()).or_insert(next)
    };
    let ids: [Vec<usize>; 2] =
        [0, 1].map(|side| lines[side].iter().map(|line| number(line)).collect());
    // What both begin and end with is the same; the lines next to what is not are looked at with it.
    let most = ids[0].len().min(ids[1].len());
    let same = (0..most).take_while(|&at| ids[0][at] == ids[1][at]).count();
    let start = same.saturating_sub(AROUND);
    let back = |side: usize, at: usize| ids[side][ids[side].len() - 1 - at];
    let end = (0..most - start).take_while(|&at| back(0, at) == back(1, at)).count();
    let end = end.saturating_sub(AROUND);
    let middle: [&[usize]; 2] = [0, 1].map(|side| &ids[side][start..ids[side].len() - end]);
    let mut flags = Ways::between(middle, numbers.len());
    for side in [0, 1] {
        settle(&mut flags, side, middle[side]);
    }
    [0, 1].map(|side| {
        let inner = &flags[side][1..=middle[side].len()];
        [&vec![false; start], inner, &vec![false; end]].concat()
    })
}

/// Joins runs of changed lines that can be moved together, and moves each down as far as it goes, or up to
/// where the other text changed as well.
///
/// The flags have an unchanged line before the first and after the last, so their places are one higher.
fn settle(flags: &mut [Vec<bool>; 2], side: usize, ids: &[usize]) {
    let end = ids.len() + 1;
    let (mut at, mut other) = (1, 1);
    loop {
        while at < end && !flags[side][at] {
            while flags[1 - side][other] {
                other += 1;
            }
            other += 1;
            at += 1;
        }
        if at == end {
            return;
        }
        let mut start = at;
        while flags[side][at] {
            at += 1;
        }
        while flags[1 - side][other] {
            other += 1;
        }
        let mut meets;
        loop {
            let length = at - start;
            while start > 1 && ids[start - 2] == ids[at - 2] {
                start -= 1;
                at -= 1;
                flags[side][start] = true;
                flags[side][at] = false;
                while flags[side][start - 1] {
                    start -= 1;
                }
                other -= 1;
                while flags[1 - side][other] {
                    other -= 1;
                }
            }
            meets = if flags[1 - side][other - 1] { at } else { end };
            while at != end && ids[start - 1] == ids[at - 1] {
                flags[side][start] = false;
                flags[side][at] = true;
                start += 1;
                at += 1;
                while flags[side][at] {
                    at += 1;
                }
                other += 1;
                while flags[1 - side][other] {
                    meets = at;
                    other += 1;
                }
            }
            if length == at - start {
                break;
            }
        }
        while meets < at {
            start -= 1;
            at -= 1;
            flags[side][start] = true;
            flags[side][at] = false;
            other -= 1;
            while flags[1 - side][other] {
                other -= 1;
            }
        }
    }
}
