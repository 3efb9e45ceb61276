"""Checks that every crate that is linked has a permissive licence."""
import json
import subprocess
import sys

ALLOWED = {
    "MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "Unicode-3.0",
    "Unlicense", "0BSD", "CC0-1.0", "MIT-0", "BSL-1.0", "CDLA-Permissive-2.0",
}


def permitted(expression):
    """Says whether some choice of an SPDX expression is allowed. `OR` gives a choice, `AND` asks for both."""
    expression = expression.replace("/", " OR ").replace("(", " ").replace(")", " ")
    ors = [part.strip() for part in expression.split(" OR ")]
    return any(all(word.strip() in ALLOWED for word in part.split(" AND ")) for part in ors)


command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"]
packages = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["packages"]
wrong = [
    f"{package['name']} {package['version']}: {package['license']}"
    for package in packages
    if package["source"] and not permitted(package["license"] or "")
]
print(f"{len(packages)} packages looked at")
if wrong:
    print("\n".join(wrong))
    sys.exit(1)
