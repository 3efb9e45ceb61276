#!/usr/bin/env python3
"""Looks for what the program tells otherwise than terraform.

    hunt.py MODE PROGRAM [SEED] [COUNT] [CACHE]

A mode is a file of the folder `hunt`: it makes random cases of the seed, asks both programs, prints what differs, and at last how many
cases were the same. The mode `configurations` (whole.py) makes whole ones: terraform applies one, it is edited, and both programs validate,
plan and apply what came of that, compared in JSON and state, and with all text as well. CACHE is a folder in which terraform's answers are kept, so that the same seed is faster again. Only the built-in
provider is used. Where terraform is not there it says so and does nothing.
"""

import importlib
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "hunt"))

from oracle import Hunt  # noqa: E402


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if shutil.which("terraform") is None:
        print("terraform is not there: nothing is compared")
        return
    mode, program, *rest = sys.argv[1:]
    seed, count, cache = [*rest, *["1", "400", ""][len(rest) :]]
    if mode == "configurations":
        if cache:
            os.environ["HUNT_KEPT"] = cache
        importlib.import_module("whole").hunt(program, int(seed), int(count))
        return
    random.seed(f"{mode} {seed}")
    hunt = Hunt(program, cache or None)
    importlib.import_module(mode).main(hunt, int(count))
    print(hunt.summary(f"{mode}, seed {seed}"))


if __name__ == "__main__":
    main()
