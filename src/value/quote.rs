//! Texts in quotes, as the console and messages about programs show them.

/// Quotes a text: what cannot be seen is escaped, all else, `${` included, stays as it is.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let code = c as u32;
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            _ if code < 0x20 || code == 0x7f => out.push_str(&format!("\\x{code:02x}")),
            _ if is_unseen(c) && code > 0xffff => out.push_str(&format!("\\U{code:08x}")),
            _ if is_unseen(c) => out.push_str(&format!("\\u{code:04x}")),
            _ => out.push(c),
        }
    }
    out + "\""
}

/// Says whether a character leaves no mark: spaces other than the plain one, controls, joiners, private ones.
fn is_unseen(c: char) -> bool {
    let hidden = matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' | '\u{f0000}'..='\u{10ffff}');
    hidden || c.is_control() || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(quote("a\"\\\n\u{1}\u{a0}é${x}"), r#""a\"\\\n\x01\u00a0é${x}""#);
    }
}
