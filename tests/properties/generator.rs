//! Expressions drawn at random: the same seed draws the same text everywhere.

/// A small generator of numbers (xorshift, 64 bits).
pub(crate) struct Draw(u64);

impl Draw {
    /// Starts at a seed.
    pub(crate) fn new(seed: u64) -> Draw {
        Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Gives a number below a limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }

    /// Chooses one of some letters.
    fn of_all<'a>(&mut self, all: &'a [char]) -> &'a char {
        &all[self.below(all.len())]
    }

    /// Chooses one.
    pub(crate) fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

const NUMBERS: &[&str] = &["0", "1", "2", "-1", "3.5", "1e3", "100000000000000000000", "0.1"];
const STRINGS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"b\"",
    "\"12\"",
    "\"true\"",
    "\"a,b\"",
    "\"é-%s\"",
    "\"2025-01-01T00:00:00Z\"",
];
const BINARY: &[&str] = &["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"];

/// The inputs that expressions refer to.
pub(crate) const INPUTS: &[&str] = &["n", "s", "b", "list", "map", "set", "object", "tuple"];

/// Functions that give the same result each time, however strange what they are called with.
const FUNCTIONS: &[&str] = &[
    "abs",
    "alltrue",
    "anytrue",
    "base64decode",
    "base64encode",
    "base64gzip",
    "can",
    "ceil",
    "chomp",
    "chunklist",
    "cidrhost",
    "cidrsubnet",
    "coalesce",
    "coalescelist",
    "compact",
    "concat",
    "contains",
    "csvdecode",
    "distinct",
    "element",
    "endswith",
    "flatten",
    "floor",
    "format",
    "formatdate",
    "formatlist",
    "indent",
    "index",
    "issensitive",
    "join",
    "jsondecode",
    "jsonencode",
    "keys",
    "length",
    "log",
    "lookup",
    "lower",
    "matchkeys",
    "max",
    "md5",
    "merge",
    "min",
    "one",
    "parseint",
    "pow",
    "range",
    "regex",
    "regexall",
    "replace",
    "reverse",
    "sensitive",
    "setintersection",
    "setproduct",
    "setsubtract",
    "setunion",
    "sha256",
    "signum",
    "slice",
    "sort",
    "split",
    "startswith",
    "strcontains",
    "strrev",
    "substr",
    "sum",
    "timeadd",
    "timecmp",
    "title",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
    "transpose",
    "trim",
    "trimprefix",
    "trimspace",
    "trimsuffix",
    "try",
    "upper",
    "urlencode",
    "values",
    "yamldecode",
    "yamlencode",
    "zipmap",
];

/// Draws an expression at most so deep: mostly of types that fit, now and then of any.
pub(crate) fn expression(draw: &mut Draw, depth: usize) -> String {
    let want = *draw.of_all(&['n', 's', 'b', 'l', 'm', 't', 'o']);
    of_type(draw, depth, want)
}

/// Writes a shape: each letter after `%` becomes an expression of that type (number, string, bool, list, map, set,
/// object, any).
fn written(draw: &mut Draw, depth: usize, shape: &str) -> String {
    let mut text = String::new();
    let mut letters = shape.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '%') {
            (_, true) => match letters.next() {
                Some('?') => text += &of_any(draw, depth),
                Some('%') => text.push('%'),
                Some(want) => text += &of_type(draw, depth, want),
                None => {}
            },
            (letter, _) => text.push(letter),
        }
    }
    text
}

fn of_any(draw: &mut Draw, depth: usize) -> String {
    if draw.below(4) == 0 { wild(draw, depth) } else { expression(draw, depth) }
}

fn of_type(draw: &mut Draw, depth: usize, want: char) -> String {
    if draw.below(25) == 0 {
        return wild(draw, depth);
    }
    let (leaves, shapes): (&[&str], &[&str]) = match want {
        'n' => (
            &[
                "test_thing.x.n",
                "test_thing.x.map[\"a\"]",
                "test_thing.x.object.b",
                "test_thing.x.tuple[0]",
            ],
            NUMBER,
        ),
        's' => (
            &[
                "test_thing.x.s",
                "test_thing.x.list[0]",
                "test_thing.x.object.a",
                "test_thing.x.tuple[1]",
            ],
            STRING,
        ),
        'b' => (&["test_thing.x.b", "true", "false", "test_thing.x.tuple[2]"], BOOL),
        'l' => (&["test_thing.x.list", "[]", "[\"a\", \"q\"]", "test_thing.x.list[*]"], LIST),
        'm' => (&["test_thing.x.map", "{}", "{ a = 1 }", "{ b = 2, c = 3 }"], MAP),
        't' => (&["test_thing.x.set", "toset([])", "toset([\"a\"])"], SET),
        _ => (&["test_thing.x.object", "{ a = \"k\", b = 9 }", "test_thing.x"], OBJECT),
    };
    if depth == 0 {
        return match (want, draw.below(3)) {
            ('n', 0) => draw.of(NUMBERS).into(),
            ('s', 0) => draw.of(STRINGS).into(),
            _ => draw.of(leaves).into(),
        };
    }
    let below = depth - 1;
    if draw.below(6) == 0 {
        return written(draw, below, &format!("(%b ? %{want} : %{want})"));
    }
    let shape = draw.of(shapes);
    written(draw, below, shape)
}

const NUMBER: &[&str] = &[
    "(%n + %n)",
    "(%n - %n)",
    "(%n * %n)",
    "(%n / %n)",
    "(%n %% %n)",
    "(-%n)",
    "length(%l)",
    "length(%m)",
    "length(%t)",
    "length(%s)",
    "abs(%n)",
    "ceil(%n)",
    "floor(%n)",
    "signum(%n)",
    "max(%n, %n)",
    "min(%n, %n)",
    "sum([%n, %n])",
    "tonumber(%n)",
    "element([%n, %n], %n)",
    "lookup(%m, \"a\", %n)",
    "coalesce(%n, %n)",
    "try(%?, %n)",
    "parseint(\"1f\", 16)",
    "one([%n])",
    "[%n, %n][%b ? 0 : 1]",
    "{ a = %n }.a",
    "sensitive(%n)",
    "index(%l, %s)",
    "[for v in %l : length(v)][0]",
    "jsondecode(jsonencode(%n))",
    "pow(%n, 2)",
    "values(%m)[0]",
];
const STRING: &[&str] = &[
    "\"${%s}-${%n}\"",
    "\"%{ if %b }${%s}%{ else }no%{ endif }\"",
    "\"%{ for v in %l }<${v}>%{ endfor }\"",
    "upper(%s)",
    "lower(%s)",
    "title(%s)",
    "strrev(%s)",
    "trimspace(%s)",
    "join(%s, %l)",
    "format(\"%%s/%%v\", %s, %n)",
    "replace(%s, \"a\", %s)",
    "substr(%s, 0, 1)",
    "base64encode(%s)",
    "base64decode(base64encode(%s))",
    "md5(%s)",
    "sha256(%s)",
    "coalesce(%s, %s)",
    "jsonencode(%?)",
    "yamlencode(%?)",
    "tostring(%n)",
    "tostring(%b)",
    "element(%l, %n)",
    "try(%?, %s)",
    "trimprefix(%s, \"a\")",
    "[for k, v in %m : k][0]",
    "sort(%l)[0]",
    "one(%t)",
    "sensitive(%s)",
    "urlencode(%s)",
    "lookup({ a = %s }, \"a\")",
    "formatdate(\"YYYY\", \"2025-01-02T03:04:05Z\")",
    "join(\",\", [for k, v in %m : \"${k}=${v}\"])",
    "chomp(%s)",
    "indent(2, %s)",
];
const BOOL: &[&str] = &[
    "(%n < %n)",
    "(%n >= %n)",
    "(%? == %?)",
    "(%s != %s)",
    "(%b && %b)",
    "(%b || %b)",
    "(!%b)",
    "contains(%l, %s)",
    "contains(%t, %s)",
    "startswith(%s, %s)",
    "endswith(%s, \"a\")",
    "strcontains(%s, %s)",
    "alltrue([%b, %b])",
    "anytrue([%b])",
    "can(%?)",
    "(%n == null)",
    "(%l == %l)",
    "(%m == %m)",
    "(%o == %o)",
    "tobool(\"true\")",
    "issensitive(%?)",
    "(%s == %n)",
];
const LIST: &[&str] = &[
    "[%s, %s]",
    "[for v in %l : %s]",
    "[for i, v in %l : \"${i}${v}\" if %b]",
    "[for k, v in %m : k]",
    "concat(%l, %l)",
    "distinct(%l)",
    "reverse(%l)",
    "sort(%l)",
    "split(\",\", %s)",
    "keys(%m)",
    "flatten([%l, [%l]])",
    "%l[*]",
    "tolist(%t)",
    "compact(%l)",
    "coalescelist(%l, %l)",
    "slice(%l, 0, 1)",
    "sort(tolist(%t))",
    "formatlist(\"<%%s>\", %l)",
    "regexall(\"[a-z]\", %s)",
    "[for v in %t : v]",
    "tolist(%l)",
    "matchkeys(%l, %l, %l)",
    "[for v in sort(%t) : upper(v)]",
    "values({ a = %s, b = %s })",
    "try(%?, %l)",
    "sensitive(%l)",
    "chunklist(%l, 2)[0]",
    "[for p in setproduct(%t, %t) : p[0]]",
    "%o[*].a",
    "[{ a = %s }][*].a",
];
const MAP: &[&str] = &[
    "{ a = %n, b = %n }",
    "merge(%m, %m)",
    "{ for k, v in %m : k => v + %n }",
    "{ for k, v in %m : upper(k) => v if %b }",
    "{ for v in %l : v => length(v) }",
    "tomap({ a = %n })",
    "zipmap([\"a\", \"b\"], [%n, %n])",
    "{ for v in %t : v => %n }",
    "try(%?, %m)",
    "{ (%s) = %n }",
    "jsondecode(jsonencode(%m))",
    "yamldecode(yamlencode(%m))",
    "merge(%m, { z = %n })",
    "sensitive(%m)",
];
const SET: &[&str] = &[
    "toset(%l)",
    "setunion(%t, %t)",
    "setintersection(%t, %t)",
    "setsubtract(%t, %t)",
    "toset([for v in %l : %s])",
    "toset(keys(%m))",
    "toset([%s, %s])",
];
const OBJECT: &[&str] = &[
    "{ a = %s, b = %n }",
    "merge(%o, { b = %n })",
    "jsondecode(jsonencode(%o))",
    "{ a = %s, b = %n, c = [%?, %?] }",
    "[%o, %o][0]",
    "{ for k, v in %o : k => v }",
    "try(%o, %o)",
    "{ a = %?, b = %? }",
];

/// Draws an expression without a thought of types.
fn wild(draw: &mut Draw, depth: usize) -> String {
    let input = |draw: &mut Draw| format!("test_thing.x.{}", draw.of(INPUTS));
    if depth == 0 {
        return match draw.below(8) {
            0 => draw.of(NUMBERS).into(),
            1 => draw.of(STRINGS).into(),
            2 => draw.of(&["true", "false", "null"]).into(),
            _ => input(draw),
        };
    }
    let shape: String = match draw.below(9) {
        0 => format!("(%? {} %?)", draw.of(BINARY).replace('%', "%%")),
        1 => draw.of(&["(!%?)", "(-%?)"]).into(),
        2 => "(%? ? %? : %?)".into(),
        3 => draw.of(&["[]", "[%?]", "[%?, %?, %?]"]).into(),
        4 => draw
            .of(&[
                "[for k, v in %? : [k, v, %?]]",
                "{ for k, v in %? : k => v }",
                "{ for k, v in %? : \"x\" => [v, %?]... }",
            ])
            .into(),
        5 => draw.of(&["(%?)[%?]", "(%?)[*]", "(%?).a", "(%?)[*].a", "(%?).*.b"]).into(),
        6 => "\"x${%?}y\"".into(),
        _ => {
            let arguments = vec!["%?"; draw.below(4)].join(", ");
            format!("{}({arguments})", draw.of(FUNCTIONS))
        }
    };
    written(draw, depth - 1, &shape)
}
