//! Which elements of two collections belong together, for telling how one becomes the other.

use std::cmp::Ordering;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::value::{Value, order};

/// An element's two sides.
pub(super) type Pair<'v> = (Option<&'v Value>, Option<&'v Value>);

/// How large the table of two lists may be: beyond it they are walked another way, which takes time by how
/// much they differ, and may pair equal elements otherwise.
const TABLE: usize = 4_000_000;

/// Pairs the elements of two sets.
pub(super) fn of_sets<'v>(before: &'v [Value], after: &'v [Value]) -> Vec<Pair<'v>> {
    // A set is sorted, but what is not known whole is equal to nothing there.
    let has = |set: &[Value], element: &Value| {
        set.binary_search_by(|other| order(other, element)).is_ok() || set_has(set, element)
    };
    let kept = before.iter().map(|element| (Some(element), has(after, element).then_some(element)));
    let come = after.iter().filter(|element| !has(before, element));
    kept.chain(come.map(|element| (None, Some(element)))).collect()
}

fn set_has(set: &[Value], element: &Value) -> bool {
    !element.is_whole() && set.contains(element)
}

/// Pairs the elements of two lists: equal ones by their order, and where as many composed elements went as
/// came between two equal ones, those with one another.
pub(super) fn of_lists<'v>(before: &'v [Value], after: &'v [Value]) -> Vec<Pair<'v>> {
    let mut pairs = Vec::new();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let flush = |gone: &mut Vec<&'v Value>,
                 come: &mut Vec<&'v Value>,
                 pairs: &mut Vec<Pair<'v>>| {
        let is_composed = |value: &&Value| value.elements().is_some() || value.fields().is_some();
        if gone.iter().chain(come.iter()).all(is_composed) {
            let both = gone.len().max(come.len());
            pairs.extend((0..both).map(|at| (gone.get(at).copied(), come.get(at).copied())));
        } else {
            pairs.extend(gone.iter().map(|value| (Some(*value), None)));
            pairs.extend(come.iter().map(|value| (None, Some(*value))));
        }
        gone.clear();
        come.clear();
    };
    for step in steps(before, after) {
        match step {
            (Some(value), None) => gone.push(value),
            (None, Some(value)) => come.push(value),
            both => {
                flush(&mut gone, &mut come, &mut pairs);
                pairs.push(both);
            }
        }
    }
    flush(&mut gone, &mut come, &mut pairs);
    pairs
}

/// Pairs the elements of two lists whose types are left open: those of one place where as many are there and some
/// are there no more; else equal ones by their order, and objects that went with those that came there.
pub(super) fn of_tuples<'v>(before: &'v [Value], after: &'v [Value]) -> Vec<Pair<'v>> {
    if before.len() == after.len() && !has_all(after, before) {
        return before.iter().zip(after).map(|(old, new)| (Some(old), Some(new))).collect();
    }
    let mut pairs = Vec::new();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for step in steps(before, after) {
        match step {
            (Some(value), None) => gone.push(value),
            (None, Some(value)) => come.push(value),
            both => {
                objects_paired(&mut gone, &mut come, &mut pairs);
                pairs.push(both);
            }
        }
    }
    objects_paired(&mut gone, &mut come, &mut pairs);
    pairs
}

/// Pairs objects that went between two equal elements with those that came there.
fn objects_paired<'v>(
    gone: &mut Vec<&'v Value>,
    come: &mut Vec<&'v Value>,
    pairs: &mut Vec<Pair<'v>>,
) {
    let mut come = come.drain(..).peekable();
    for value in gone.drain(..) {
        let next = come.next_if(|next| value.fields().is_some() && next.fields().is_some());
        pairs.push((Some(value), next));
    }
    pairs.extend(come.map(|value| (None, Some(value))));
}

/// Says whether a list has all elements of another.
fn has_all(list: &[Value], others: &[Value]) -> bool {
    let mut sorted: Vec<&Value> = list.iter().collect();
    sorted.sort_by(|left, right| order(left, right));
    others.iter().all(|value| {
        let first = sorted.partition_point(|other| order(other, value) == Ordering::Less);
        let alike = sorted[first..].iter();
        alike
            .take_while(|other| order(other, value) == Ordering::Equal)
            .any(|other| *other == value)
    })
}

/// Walks both lists so that equal elements are met together.
fn steps<'v>(before: &'v [Value], after: &'v [Value]) -> Vec<Pair<'v>> {
    let same = before.iter().zip(after).take_while(|(left, right)| left == right).count();
    let mut steps: Vec<Pair<'v>> = before
        .iter()
        .zip(after)
        .take(same)
        .map(|(left, right)| (Some(left), Some(right)))
        .collect();
    let (before, after) = (&before[same..], &after[same..]);
    steps.extend(if before.len().saturating_mul(after.len()) <= TABLE {
        longest_common(before, after)
    } else {
        shortest_edit(before, after)
    });
    steps
}

/// Walks both lists along a short way from one to the other. What only one of them has need not be searched for.
fn shortest_edit<'v>(before: &'v [Value], after: &'v [Value]) -> Vec<Pair<'v>> {
    let mut all: Vec<&Value> = before.iter().chain(after).collect();
    all.sort_by(|left, right| order(left, right));
    all.dedup_by(|left, right| left == right);
    // Values that are ordered alike and are not equal are told apart by their places.
    let number = |value: &Value| {
        let first = all.partition_point(|other| order(other, value) == Ordering::Less);
        all[first..].iter().position(|other| *other == value).map(|place| first + place)
    };
    let numbers = |list: &[Value]| list.iter().map(number).collect::<Vec<_>>();
    let (left, right) = (numbers(before), numbers(after));
    let shared = |own: &[Option<usize>], other: &[Option<usize>]| {
        let mut there = vec![false; all.len()];
        other.iter().flatten().for_each(|number| there[*number] = true);
        let places = 0..own.len();
        places.filter(|place| own[*place].is_some_and(|number| there[number])).collect::<Vec<_>>()
    };
    let (rows, columns) = (shared(&left, &right), shared(&right, &left));
    let pick = |list: &[Option<usize>], places: &[usize]| {
        places.iter().map(|place| list[*place]).collect::<Vec<_>>()
    };
    let edits = capture_diff_slices(Algorithm::Myers, &pick(&left, &rows), &pick(&right, &columns));
    let mut met = edits.iter().filter(|edit| edit.tag() == DiffTag::Equal).flat_map(|edit| {
        edit.old_range().zip(edit.new_range()).map(|(row, column)| (rows[row], columns[column]))
    });
    let (mut row, mut column) = (0, 0);
    let mut steps = Vec::new();
    loop {
        let next = met.next();
        let (until_row, until_column) = next.unwrap_or((before.len(), after.len()));
        steps.extend(before[row..until_row].iter().map(|value| (Some(value), None)));
        steps.extend(after[column..until_column].iter().map(|value| (None, Some(value))));
        if next.is_none() {
            return steps;
        }
        steps.push((Some(&before[until_row]), Some(&after[until_column])));
        (row, column) = (until_row + 1, until_column + 1);
    }
}

/// Walks both lists along their longest common sequence.
fn longest_common<'v>(before: &'v [Value], after: &'v [Value]) -> Vec<Pair<'v>> {
    let (rows, columns) = (before.len(), after.len());
    let mut length = vec![vec![0_u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            length[row][column] = if before[row] == after[column] {
                length[row + 1][column + 1] + 1
            } else {
                length[row + 1][column].max(length[row][column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut steps = Vec::new();
    while row < rows || column < columns {
        if row < rows && column < columns && before[row] == after[column] {
            steps.push((Some(&before[row]), Some(&after[column])));
            row += 1;
            column += 1;
        } else if column == columns
            || (row < rows && length[row + 1][column] >= length[row][column + 1])
        {
            steps.push((Some(&before[row]), None));
            row += 1;
        } else {
            steps.push((None, Some(&after[column])));
            column += 1;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(numbers: impl Iterator<Item = usize>) -> Vec<Value> {
        numbers.map(|number| Value::string(number.to_string())).collect()
    }

    #[test]
    fn long_lists_are_walked_whole_with_equal_elements_met() {
        let before = list(0..3000);
        let after = list((0..3000).filter(|number| number % 3 != 1).chain(5000..5100));

        let pairs = of_lists(&before, &after);

        let both = pairs.iter().filter(|(left, right)| left.is_some() && left == right).count();
        assert_eq!((both, pairs.len()), (2000, 3100));
        assert!(pairs.iter().filter_map(|(left, _)| *left).eq(&before));
        assert!(pairs.iter().filter_map(|(_, right)| *right).eq(&after));
    }
}
