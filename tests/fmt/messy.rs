//! Files that are right, and laid out as badly as may be: the same number gives the same file.

/// Chance that a number determines (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound).unwrap();
        usize::try_from((self.0 >> 16) % bound).unwrap()
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// Gives the file of a number.
pub(crate) fn file(number: u64) -> String {
    let seed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut mess = Mess { dice: Dice(seed), text: String::new(), parens: 0, count: 0 };
    for _ in 0..8 {
        mess.dice.below(2);
    }
    for _ in 0..=mess.dice.below(3) {
        mess.item(0);
    }
    let mut text = mess.text;
    if number % 17 == 3 {
        text = text.replace('\n', "\r\n");
    }
    if number % 23 == 5 {
        text = text.trim_end().to_string();
    }
    if number % 29 == 7 {
        text = format!("\u{feff}{text}");
    }
    text
}

struct Mess {
    dice: Dice,
    text: String,
    /// How many brackets are open in which a line may end anywhere.
    parens: usize,
    /// How many arguments there are.
    count: usize,
}

const NAMES: &[&str] =
    &["a", "bb", "type", "default", "input", "long_name", "x-y", "für", "count", "in"];
const BLOCKS: &[&str] = &["resource", "variable", "locals", "module", "dynamic", "lifecycle", "b"];

impl Mess {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Puts blanks, or none.
    fn gap(&mut self) {
        let gap = self.dice.pick(&["", "", " ", " ", "  ", "\t", "     "]);
        self.put(gap);
        if self.parens > 0 && self.dice.one_in(12) {
            let gap = self.dice.pick(&["\n", "\n\n", "\n   ", "# c\n", "// c\n  ", "\n# c\n"]);
            self.put(gap);
        } else if self.dice.one_in(30) {
            self.put("/* c */");
        }
    }

    /// Puts at least one blank.
    fn space(&mut self) {
        let gap = self.dice.pick(&[" ", " ", "  ", "\t"]);
        self.put(gap);
    }

    fn line_end(&mut self) {
        let end = self.dice.pick(&[
            "\n",
            "\n",
            "\n",
            "\n",
            "   \n",
            " # c\n",
            "// c\n",
            "\n\n",
            "\n\n\n",
            "# ü 漢\n",
        ]);
        self.put(end);
    }

    fn indent(&mut self) {
        let gap = self.dice.pick(&["", "", "  ", "    ", "\t", "       ", "/* c */ "]);
        self.put(gap);
    }

    fn body(&mut self, depth: usize) {
        for _ in 0..self.dice.below(5) {
            self.item(depth);
        }
    }

    fn item(&mut self, depth: usize) {
        self.indent();
        match self.dice.below(10) {
            0 => {
                let comment = self.dice.pick(&["# c", "//c", "/* c */", "/* c\n   d */", "#"]);
                self.put(comment);
                self.put("\n");
            }
            1..=3 if depth < 3 => self.block(depth),
            _ => self.attribute(depth),
        }
    }

    fn block(&mut self, depth: usize) {
        let kind = self.dice.pick(BLOCKS);
        self.put(kind);
        for _ in 0..self.dice.below(3) {
            self.space();
            let label = self.dice.pick(&["\"l\"", "\"l.m\"", "l", "\"ü\""]);
            self.put(label);
        }
        self.space();
        self.put("{");
        match self.dice.below(8) {
            0 => self.gap(),
            1 => {
                self.space();
                self.put("a");
                self.gap();
                self.put("=");
                self.gap();
                self.inline(depth + 1);
                self.gap();
            }
            _ => {
                self.line_end();
                self.body(depth + 1);
                self.indent();
            }
        }
        self.put("}");
        self.line_end();
    }

    /// An expression that may not end the line it is on.
    fn inline(&mut self, depth: usize) {
        let was = std::mem::replace(&mut self.parens, 0);
        self.small(depth);
        self.parens = was;
    }

    fn attribute(&mut self, depth: usize) {
        let name = self.dice.pick(NAMES);
        // No argument may be set twice; `type` stays what it is once in a while.
        self.count += 1;
        let name = match (name, self.dice.below(3)) {
            ("type", 0) => name.to_string(),
            _ => format!("{name}{}", self.count),
        };
        self.put(&name);
        self.gap();
        self.put("=");
        self.gap();
        if self.dice.one_in(8) {
            self.heredoc();
            self.put("\n");
        } else {
            self.expression(depth);
            self.line_end();
        }
    }

    fn heredoc(&mut self) {
        let dash = self.dice.pick(&["<<", "<<-"]);
        self.put(dash);
        self.put("EOT\n");
        for _ in 0..self.dice.below(4) {
            let line = self.dice.pick(&[
                "text",
                "   deep",
                "\ttab",
                "${ a.b }",
                "%{ if  true }x%{ endif }",
                "",
                "a${  upper( x )}b",
                "}",
            ]);
            self.put(line);
            self.put("\n");
        }
        let indent = self.dice.pick(&["", "  "]);
        self.put(indent);
        self.put("EOT");
    }

    fn small(&mut self, depth: usize) {
        match self.dice.below(8) {
            0 => {
                let number = self.dice.pick(&["1", "0.5", "1e3", "42"]);
                self.put(number);
            }
            1 => {
                let word = self.dice.pick(&["true", "false", "null"]);
                self.put(word);
            }
            2 | 3 => self.reference(depth),
            _ => self.string(depth),
        }
    }

    fn string(&mut self, depth: usize) {
        let text = self.dice.pick(&[
            "\"\"",
            "\"x\"",
            "\"a b\"",
            "\"ü 漢 👩‍👩‍👧\"",
            "\"a\\\"b\\n\"",
            "\"$${x}\"",
            "\"string\"",
            "\"list\"",
            "\"%{ if true }a%{else}b%{ endif ~}\"",
            "\"%{for x in  y}${x},%{endfor}\"",
        ]);
        if self.dice.one_in(3) && depth < 5 {
            let before = self.dice.pick(&["\"", "\"", "\"a", "\"a "]);
            self.put(before);
            for _ in 0..=self.dice.below(2) {
                let open = self.dice.pick(&["${", "${", "${~"]);
                self.put(open);
                let was = std::mem::replace(&mut self.parens, 0);
                self.gap();
                self.expression(depth + 2);
                self.gap();
                self.parens = was;
                let close = self.dice.pick(&["}", "}", "~}"]);
                self.put(close);
                let between = self.dice.pick(&["", "", "-", " "]);
                self.put(between);
            }
            self.put("\"");
        } else {
            self.put(text);
        }
    }

    fn reference(&mut self, depth: usize) {
        let root =
            self.dice.pick(&["a", "var", "local", "data", "each", "x-y", "in", "for_x", "if"]);
        self.put(root);
        for _ in 0..self.dice.below(4) {
            match self.dice.below(7) {
                0 => self.put("[*]"),
                1 => self.put(".*.z"),
                // Of a lone `true`, `false` or `null` terraform leaves nothing in the brackets.
                2 if depth < 5 => {
                    self.put("[");
                    self.parens += 1;
                    self.gap();
                    if self.dice.one_in(2) {
                        self.reference(5)
                    } else {
                        self.call(depth + 2)
                    }
                    self.gap();
                    self.parens -= 1;
                    self.put("]");
                }
                3 => self.put("[ 0 ]"),
                4 => self.put(".0"),
                _ => {
                    let name = self.dice.pick(&[".b", ".long_name", ". c", ".in"]);
                    self.put(name);
                }
            }
        }
    }

    fn expression(&mut self, depth: usize) {
        if depth > 5 {
            return self.small(depth);
        }
        match self.dice.below(16) {
            0 => self.unary(depth),
            1 | 2 => self.binary(depth),
            3 => self.conditional(depth),
            4 => self.bracketed("(", ")", depth, Mess::expression),
            5 | 6 => self.call(depth),
            7 | 8 => self.bracketed("[", "]", depth, Mess::elements),
            9 | 10 => self.object(depth),
            11 => self.comprehension(depth),
            _ => self.small(depth),
        }
    }

    fn bracketed(&mut self, open: &str, close: &str, depth: usize, inside: fn(&mut Mess, usize)) {
        self.put(open);
        self.parens += 1;
        self.gap();
        inside(self, depth + 1);
        self.gap();
        self.parens -= 1;
        self.put(close);
    }

    fn unary(&mut self, depth: usize) {
        let sign = self.dice.pick(&["-", "!", "- ", "! "]);
        self.put(sign);
        self.small(depth + 1);
    }

    fn binary(&mut self, depth: usize) {
        self.small(depth + 1);
        self.gap();
        let sign = self
            .dice
            .pick(&["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"]);
        // A name takes a hyphen for its own.
        self.put(" ");
        self.put(sign);
        self.gap();
        if self.dice.one_in(6) { self.unary(depth + 1) } else { self.small(depth + 1) }
    }

    fn conditional(&mut self, depth: usize) {
        self.small(depth + 1);
        self.gap();
        self.put("?");
        self.gap();
        self.expression(depth + 2);
        self.gap();
        self.put(":");
        self.gap();
        self.expression(depth + 2);
    }

    fn call(&mut self, depth: usize) {
        let name = self.dice.pick(&["upper", "f", "core::max", "provider::p::f"]);
        self.put(name);
        self.bracketed("(", ")", depth, |mess, depth| {
            for place in 0..mess.dice.below(4) {
                if place > 0 {
                    mess.gap();
                    mess.put(",");
                    mess.gap();
                }
                mess.expression(depth + 1);
            }
        });
    }

    fn elements(&mut self, depth: usize) {
        let count = self.dice.below(4);
        for place in 0..count {
            self.expression(depth + 1);
            self.gap();
            if place + 1 < count || self.dice.one_in(3) {
                self.put(",");
            }
            self.gap();
        }
    }

    fn object(&mut self, depth: usize) {
        self.put("{");
        // In an object a line's end parts its items.
        let was = std::mem::replace(&mut self.parens, 0);
        let lines = self.dice.one_in(2);
        self.put(if lines { "\n" } else { "" });
        let count = self.dice.below(4);
        for place in 0..count {
            self.indent();
            let key = self.dice.pick(&[
                "a",
                "long_key",
                "\"q k\"",
                "(x.y)",
                "\"k${ z }\"",
                "für",
                "in",
                "for_",
            ]);
            self.put(key);
            self.gap();
            let sign = self.dice.pick(&["=", "=", "=", ":"]);
            self.put(sign);
            self.gap();
            self.expression(depth + 2);
            if lines {
                let end =
                    self.dice.pick(&["\n", "\n", ",\n", " # c\n", ", // c\n", "\n\n", "\n# c\n"]);
                self.put(end);
            } else if place + 1 < count {
                self.put(",");
                self.gap();
            }
        }
        self.gap();
        self.parens = was;
        self.put("}");
    }

    fn comprehension(&mut self, depth: usize) {
        let object = self.dice.one_in(2);
        self.bracketed(
            if object { "{" } else { "[" },
            if object { "}" } else { "]" },
            depth,
            |mess, depth| {
                mess.put("for");
                mess.space();
                let names = mess.dice.pick(&["x", "k,v", "k , v", "k, in"]);
                mess.put(names);
                mess.space();
                mess.put("in");
                mess.space();
                mess.small(depth + 1);
                mess.gap();
                mess.put(":");
                mess.gap();
                mess.expression(depth + 2);
            },
        );
        if object {
            // A key and a value: the brace is opened again before its end.
            let close = self.text.pop();
            self.put("=>");
            self.gap();
            self.small(depth + 1);
            if self.dice.one_in(3) {
                self.put("...");
            }
            self.text.extend(close);
        } else if self.dice.one_in(3) {
            let close = self.text.pop();
            self.put(" if ");
            self.small(depth + 1);
            self.text.extend(close);
        }
    }
}
