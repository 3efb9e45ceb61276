//! A text without remarks and layout.

/// Gives a text without remarks and layout: texts that differ in these alone give the same, and texts that mean different things never
/// do. It is cheaper than cutting it into tokens; of a text that is no sound file it says nothing.
pub fn bare(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut bare = Vec::with_capacity(bytes.len());
    let mut gap = Gap::None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        let end = match (byte, next) {
            (b' ' | b'\t' | b'\r', _) => {
                gap = gap.max(Gap::Blank);
                at += 1;
                continue;
            }
            (b'\n', _) => {
                gap = Gap::Line;
                at += 1;
                continue;
            }
            (b'#', _) | (b'/', Some(b'/')) => {
                at = line_end(bytes, at);
                continue;
            }
            (b'/', Some(b'*')) => {
                let rest = &text[at + 2..];
                at += rest.find("*/").map_or(rest.len(), |found| found + 2) + 2;
                gap = gap.max(Gap::Blank);
                continue;
            }
            (b'"', _) => string_end(bytes, at),
            (b'<', Some(b'<')) => heredoc_end(text, at),
            _ => at + 1,
        };
        match gap {
            Gap::Line if !bare.is_empty() => bare.push(b'\n'),
            // Where no two words meet, a blank says nothing.
            Gap::Blank if bare.last().is_some_and(|last| is_word(*last)) && is_word(*byte) => {
                bare.push(b' ');
            }
            Gap::None | Gap::Blank | Gap::Line => {}
        }
        gap = Gap::None;
        bare.extend_from_slice(&bytes[at..end.min(bytes.len())]);
        at = end;
    }
    bare
}

/// What stands between two signs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Blank,
    Line,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes[at..].iter().position(|byte| *byte == b'\n');
    rest.map_or(bytes.len(), |length| at + length)
}

/// Gives where a quoted text ends, past its quote: what is interpolated may have quoted texts of its own.
fn string_end(bytes: &[u8], start: usize) -> usize {
    // Of each interpolation around, how many braces are open in it.
    let mut open: Vec<usize> = Vec::new();
    // How many quoted texts are open; one more than interpolations while within one.
    let mut quoted = true;
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        match (quoted, byte, next) {
            (true, b'\\', _) => at += 1,
            (true, b'$' | b'%', Some(sign)) if sign == byte && bytes.get(at + 2) == Some(&b'{') => {
                at += 2;
            }
            (true, b'$' | b'%', Some(b'{')) => {
                open.push(0);
                quoted = false;
                at += 1;
            }
            (true, b'"', _) if open.is_empty() => return at + 1,
            (true, b'"', _) => quoted = false,
            (false, b'"', _) => quoted = true,
            (false, b'{', _) => {
                if let Some(braces) = open.last_mut() {
                    *braces += 1;
                }
            }
            (false, b'}', _) => match open.last_mut() {
                Some(braces) if *braces > 0 => *braces -= 1,
                _ => {
                    open.pop();
                    quoted = true;
                }
            },
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Gives where a heredoc ends, past its marker; where it is none, where its first sign ends.
fn heredoc_end(text: &str, at: usize) -> usize {
    let head = &text[at..line_end(text.as_bytes(), at)];
    let marker = head.trim_start_matches('<').trim_start_matches('-').trim();
    if marker.is_empty() {
        return at + 1;
    }
    let mut end = at + head.len();
    for line in text[end..].split_inclusive('\n').skip(1) {
        if line.trim() == marker {
            return end + 1 + line.find(marker).unwrap_or(0) + marker.len();
        }
        end += line.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        String::from_utf8(bare(source)).unwrap()
    }

    #[test]
    fn remarks_and_layout_say_nothing() {
        let one = "a \"b\" {\n  x = \"${f(\"}# no\")} # kept\"\n  y = [1, 2]\n}\n";
        for other in [
            "# First.\n\n\na \"b\" { // begins\n\tx   =   \"${f(\"}# no\")} # kept\" # told\r\n\n  y=[1,2]\n}",
            "a \"b\"/* in */{\n  x = \"${f(\"}# no\")} # kept\"\n  y = [ 1 , 2 ]\n}\n// End.",
        ] {
            assert_eq!(text(other), text(one));
        }
        assert_eq!(
            text("a = <<-EOT\n  # kept\n\n  b\n  EOT\nc = 1\n"),
            "a=<<-EOT\n  # kept\n\n  b\n  EOT\nc=1"
        );
    }

    #[test]
    fn what_means_something_else_is_another_text() {
        for (one, other) in [
            ("a = b - c", "a = b-c"),
            ("a = \"x  y\"", "a = \"x y\""),
            ("a = \"# x\"", "a = \"# y\""),
            ("a = \"\\\" # x\"", "a = \"\\\" # y\""),
            ("a = \"$${\" # x\nb = 1", "a = \"$${\" # x\nb = 2"),
            ("a = \"${x}\"\nb = \"#1\"", "a = \"${x}\"\nb = \"#2\""),
            ("a = \"${{ b = \"}\" }}\" # x\nc = 1", "a = \"${{ b = \"}\" }}\" # x\nc = 2"),
            ("a = <<E\n# x\nE\n", "a = <<E\n# y\nE\n"),
            ("a = 1\nb = 2", "a = 1 b = 2"),
            ("for a in b", "fora in b"),
        ] {
            assert_ne!(text(one), text(other), "{one}");
        }
    }
}
