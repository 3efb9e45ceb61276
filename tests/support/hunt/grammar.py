"""Random expressions as text, of every form that the language has, and the ways to break a text."""

import random
import re

TOKENS = re.compile(r'"(?:[^"\\\n$%]|\\.)*"|[A-Za-z_][\w-]*|\d+(?:\.\d+)?|==|!=|&&|\|\||=>|<=|>=|\.\.\.|::|\$\{~?|%\{~?|~\}|<<-?\w+\n|[ \t]+|\n|.', re.S)
STRAY = ["{", "}", "[", "]", "(", ")", "=", ",", '"', "${", "%{", "~}", "%{ if true }", "%{ endif }", "%{ endfor }", "%{ else }", "\n", "...", "=>", "?", ":", "::"]
STRAY += ["!", "-", ".", "null", "foo", "1", '"s"', "each.key", "self.id", "var.zz", "local.zz", "@", "'", "#", "//", "/*", "*/", ";", "\\", "$", "<<E\nx\nE\n", "<<-E\n", "<<E", "[*]"]
STRAY += [".*", "*", "0x1", "1e", "1.2.3", "é", "\t", "&", "|", "~", "`", "^", "for", "in", "if", "for x in y : x", "\\q", "\\u12", "$${", "%%{", "“", "\r\n", "-1", "1.", "a.0.1", "a::b(1)", "::", "\u200b", "\U0001f600"]
NAMES = ["a", "b-c", "var.s", "local.x", "each.value", "path.module", "terraform_data.u.id", "null", "true"]


def pick(*choices):
    return random.choice(choices)


def gap():
    """What may stand between two tokens inside of brackets."""
    return pick("", " ", " ", " ", "\n", " # c\n", " /* c */ ", "\n\n", " // c\n") if random.random() < 0.3 else pick("", " ")


def text_of(depth, heredoc=False):
    parts = []
    for _ in range(random.randint(0, 3)):
        inner = expression(depth - 1) if depth > 0 else "a"
        if "\n" in inner and not heredoc and random.random() < 0.8:
            inner = "b"
        open_sign, close_sign = pick("", "", "~"), pick("", "", "~")
        parts.append(
            pick(
                "x",
                " y ",
                pick("\\n", "\\u00e9", '\\"', "\\\\"),
                pick("$${", "%%{", "$", "%", "$$", "{", "}", "'", "#"),
                f"${{{open_sign} {inner} {close_sign}}}",
                f"${{{open_sign}{inner}{close_sign}}}",
                f"%{{{open_sign} if {inner} {close_sign}}}t%{{ else }}e%{{ endif }}",
                f"%{{ if {inner} }}t%{{ endif {close_sign}}}",
                f"%{{ for v in {inner} {close_sign}}}${{v}}%{{ endfor }}",
                f"%{{ for k, v in {inner} }}${{k}}%{{{open_sign} endfor }}",
            )
        )
        if heredoc:
            parts.append(pick("\n", "\n  ", "\n\n\t", " "))
    return "".join(parts)


def expression(depth):
    """Makes an expression."""
    if depth <= 0:
        return pick(*NAMES, "1", "2.5", "1e3", '"t"', '""', "[]", "{}", "false")
    inner = lambda: expression(depth - 1)
    several = lambda: f",{gap()}".join(gap() + inner() + gap() for _ in range(random.randint(0, 3)))
    key = lambda: pick("k", '"k"', "(a)", '"${a}"', "1", "a.b")
    entry = lambda: f"{key()} {pick('=', ':')} {inner()}"
    condition = lambda: pick("", f" if {inner()}")
    makers = [
        lambda: f"{pick('f', 'upper', 'provider::p::f', 'core::max')}({several()}{pick('', '...')})",
        lambda: f"f({several()})",
        lambda: inner() + "".join(pick(".a", ".0", "[0]", '["a"]', f"[{inner()}]", "[*]", ".*", ".*.a", "[*].a[0]") for _ in range(random.randint(1, 3))),
        lambda: f"{inner()} {pick('+', '-', '*', '/', '%', '<', '>=', '==', '!=', '&&', '||')} {inner()}",
        lambda: f"{pick('-', '!')}{inner()}",
        lambda: f"{inner()} ? {inner()} : {inner()}",
        lambda: f"({gap()}{inner()}{gap()})",
        lambda: f"[{several()}{pick('', ',')}]",
        lambda: f"[{gap()}for v in {inner()}{gap()} : {inner()}{gap()}{condition()}{gap()}]",
        lambda: f"{{{gap()}for k, v in {inner()} : {inner()} => {inner()}{pick('', '...')}{condition()}{gap()}}}",
        lambda: "{" + pick(" ", "\n") + pick(", ", "\n", "\n  # c\n").join(entry() for _ in range(random.randint(0, 3))) + pick(" ", "\n", ",\n") + "}",
        lambda: f'"{text_of(depth)}"',
        lambda: f'"{text_of(depth)}"',
        lambda: f"<<{pick('', '-')}E\n{text_of(depth, True)}\n{pick('', '  ')}E\n",
    ]
    return pick(*makers)()


def broken(text):
    """Breaks a text in one place."""
    words = TOKENS.findall(text)
    places = [place for place, word in enumerate(words) if not word.isspace()] or [0]
    if not words:
        return pick(*STRAY)
    at, other = random.choice(places), random.choice(places)
    chance = random.random()
    if chance < 0.24:
        del words[at]
    elif chance < 0.34:
        words[at] = words[at] + pick("", " ") + words[at]
    elif chance < 0.60:
        words[at] = pick("", " ").join([pick(*STRAY), words[at]])
    elif chance < 0.78:
        words[at] = pick(*STRAY)
    elif chance < 0.86:
        words[at], words[other] = words[other], words[at]
    elif chance < 0.92:
        start, end = sorted((at, other))
        del words[start : min(end, start + 4)]
    elif chance < 0.96:
        at = random.randrange(len(text))
        return text[:at] + pick("", "", text[at + 1 :])
    else:
        return text[: random.randrange(len(text) + 1)]
    return "".join(words)
