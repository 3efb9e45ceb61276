"""Messy files: what `fmt`, `fmt -diff` and `fmt -` make of them."""

import os
import random
import re
import tempfile

from grammar import TOKENS, broken, expression, pick
from oracle import write
from texts import BLOCKS, SOUND

BATCH = 40


def messy(text):
    """Moves spaces, line ends and comments about."""
    out = []
    for word in TOKENS.findall(text):
        chance = random.random()
        if word.isspace() and "\n" not in word:
            word = pick("", " ", "  ", "   ", "\t", word, word) if chance < 0.5 else word
        elif word == "\n":
            word = (
                "\n\n" if chance < 0.12
                else "  # c\n" + " " * random.randint(0, 6) if chance < 0.22
                else " // c\n" if chance < 0.28
                else " /* c */ \n" if chance < 0.32
                else "\n" + " " * random.randint(0, 8) + "# own line\n" if chance < 0.38
                else "\n" + " " * random.randint(0, 8) if chance < 0.6
                else "  \n" if chance < 0.63
                else "\r\n" if chance < 0.635
                else "\n"
            )
        elif word in "{[(" and chance < 0.12:
            word += "\n"
        elif word in "}])" and chance < 0.1:
            word = "\n" + word
        elif word == "," and chance < 0.15:
            word = ",\n"
        elif chance < 0.02:
            word = " " + word
        elif chance < 0.03:
            word += " /* i */ "
        out.append(word)
    return "".join(out)


def text():
    choice = random.random()
    if choice < 0.35:
        sound = pick(*SOUND)
    elif choice < 0.6:
        sound = "".join(pick(*BLOCKS).replace("N", f"v{at}") for at in range(4))
    else:
        names = ["a", "bcd", "efghij"]
        sound = "locals {\n" + "".join(f"  {pick(*names)}{at} = {expression(random.randint(1, 3))}\n" for at in range(6)) + "}\n"
    if random.random() < 0.15:
        return sound
    sound = messy(sound)
    return broken(sound) if random.random() < 0.12 else sound


def main(hunt, count):
    batches = [{f"f{at}.tf": text() for at in range(start, min(count, start + BATCH))} for start in range(0, count, BATCH)]

    def laid_out(of, files):
        def ask():
            with tempfile.TemporaryDirectory() as folder:
                write(folder, files)
                diff = hunt.run(of, folder, "fmt", "-diff", "-write=false", "-list=false")[1]
                hunt.run(of, folder, "fmt", "-list=false")
                read = lambda name: open(os.path.join(folder, name), newline="", errors="surrogateescape").read()
                found = {name: read(name) for name in files}
                first = next(iter(files))
                code, stdin, _ = hunt.run(of, folder, "fmt", "-no-color", "-", stdin=files[first])
            return {"diff": diff, "files": found, "stdin": [first, code, stdin]}

        return hunt.remember(["fmt", files], ask) if of == "terraform" else ask()

    ask = lambda files: (files, laid_out("terraform", files), laid_out("here", files))
    for files, theirs, ours in hunt.each(ask, batches):
        parts = [dict(zip(*[iter(re.split(r"^--- old/(.*)\n", of["diff"], flags=re.M)[1:])] * 2)) for of in (theirs, ours)]
        for name in files:
            a, b = (of["files"][name] for of in (theirs, ours))
            lines = [[f"{at}: {line!r}" for at, line in enumerate(part.split("\n"))] for part in (a, b)]
            hunt.compare(f"fmt {name}", *lines, "files")
            if a == b:
                hunt.compare(f"fmt -diff {name}", *([part.get(name, "")] for part in parts), "-diff")
        hunt.compare(f"fmt - {theirs['stdin'][0]}", *([repr(of["stdin"][1:])] for of in (theirs, ours)), "stdin")
