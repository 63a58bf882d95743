#!/usr/bin/env python3
"""Holds the configurations of this repository against the schema for editors.

Usage: schema.py

Needs jsonschema (Debian: python3-jsonschema) and Python 3.11. config.example.toml, the configuration of the packages and every
configuration in README.md and docs/ have to be valid; a few wrong ones must not be. Ends with "N passed, N failed".
"""

import json
import pathlib
import re
import sys
import tomllib

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENTRY = '[[ddns]]\nprovider = "freedyn"\ndomain = "home.example.de"\n'
WRONG = {
    "a misspelt key": ENTRY + 'pasword = "x"\n',
    "a duration without a unit": ENTRY + "refresh = 28\n",
    "a mode that does not exist": ENTRY + 'mode = "v5"\n',
    "a password from two places": ENTRY + 'password = { file = "a", env = "B" }\n',
    "an entry without a domain": '[[ddns]]\nprovider = "freedyn"\n',
    "a single table": '[ddns]\nprovider = "freedyn"\ndomain = "a.example"\n',
    "a misspelt key of a line": '[wan.cable]\ninterfaces = "eth1"\n',
    "a table that does not exist": "[deamon]\n",
}


def commented_in(text):
    """The example with every line in force that shows a value; one key once."""
    lines, seen = [], set()
    for line in text.splitlines():
        shown = re.match(r"#   e\.g\. (.*?)(?:      \(.*)?$", line) or re.match(r"# (\w+ = .*)$", line)
        table = re.match(r"\[+([\w.]+)\]+", line)
        if table:
            seen = set()
        line = shown.group(1) if shown else line
        key = re.match(r"(\w+) = ", line)
        if key and key.group(1) in seen:
            continue
        if key:
            seen.add(key.group(1))
        lines.append(line)
    return "\n".join(lines)


def right():
    for path in [ROOT / "config.example.toml", ROOT / "packaging/config.toml"]:
        yield path.name, path.read_text(encoding="utf-8")
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    yield "config.example.toml, with all that it shows", commented_in(example)
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for number, block in enumerate(re.findall(r"^```toml\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S), 1):
            yield f"{path.name}, configuration {number}", block


def main():
    schema = json.loads((ROOT / "packaging/wanbeacon.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    passed = failed = 0
    cases = [(name, text, True) for name, text in right()] + [(name, text, False) for name, text in WRONG.items()]
    for name, text, valid in cases:
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(tomllib.loads(text))]
        good = valid != bool(errors)
        passed, failed = passed + good, failed + (not good)
        print(f"  {'ok   ' if good else 'FAIL '} {name} is {'valid' if valid else 'refused'}")
        for error in errors if valid else []:
            print(f"        | {error}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
