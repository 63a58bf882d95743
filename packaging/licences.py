#!/usr/bin/env python3
"""Collects the licences and notices of everything that is linked into the program; they ask to be where the program is.

Usage: packaging/licences.py [TARGET]

Writes packaging/third-party.txt.gz, which the packages carry: what cargo links in for TARGET (by default this machine), the Rust
standard library, and the C library that a static program holds. Needs cargo, rustc, and Debian's libc6-dev for the last one.
The same sources on the same system give the same bytes.
"""

import gzip
import html.parser
import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
# How files are called that have to be passed on.
NAMES = ("licen", "unlicense", "copying", "copyright", "notice", "authors")
LIBRARY = "share/doc/rust/COPYRIGHT-library.html"
LIBC = ("/usr/share/doc/libc6-dev/copyright", "/usr/share/common-licenses/LGPL-2.1")


def told(*command):
    return subprocess.run(command, cwd=FOLDER.parent, check=True, stdout=subprocess.PIPE, text=True).stdout


def read(path, remedy):
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError as error:
        sys.exit(f"{error}; {remedy}")


def linked(target):
    """Name and version of every crate in the program: no macros, and nothing that only builds or tests it."""
    tree = told("cargo", "tree", "--locked", f"--target={target}", "--edges=normal,no-proc-macro", "--prefix=none", "--format={p}")
    return {tuple(line.split()[:2]) for line in tree.splitlines()}


def crates(target):
    wanted = linked(target)
    packages = json.loads(told("cargo", "metadata", "--locked", "--format-version=1"))["packages"]
    found = [it for it in packages if (it["name"], "v" + it["version"]) in wanted and it["source"]]
    return sorted(found, key=lambda it: (it["name"], it["version"]))


def title(crate):
    return f"{crate['name']} {crate['version']}: {crate['license']}"


def texts(crate):
    """The files of its package that have to be passed on, those of what it took in from others included."""
    folder = pathlib.Path(crate["manifest_path"]).parent
    files = sorted(it for it in folder.rglob("*") if it.is_file() and it.suffix != ".rs" and it.name.lower().startswith(NAMES))
    if not files and "MIT" not in crate["license"]:
        sys.exit(f"{title(crate)} has no text in its package: say here where it is")
    return [read(it, "fetch the crate again") for it in files] or [without_text(crate)]


def without_text(crate):
    """MIT has the same words everywhere; ours begin with who holds the copyright."""
    _, words = read(FOLDER.parent / "LICENSE-MIT", "it belongs to the sources").split("\n\n", 1)
    return f"Copyright (c) {', '.join(crate['authors'])}\n\n{words}"


class Plain(html.parser.HTMLParser):
    """The text of a page."""

    def __init__(self):
        super().__init__()
        self.text = ""

    def handle_data(self, data):
        self.text += data


def rust_library():
    page = Plain()
    page.feed(read(pathlib.Path(told("rustc", "--print=sysroot").strip()) / LIBRARY, "it comes with rustc when rustup installs it"))
    return page.text


def section(heading, text):
    lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    return f"{'=' * 80}\n{heading}\n\n{lines}\n\n"


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else told("rustc", "--print=host-tuple").strip()
    listed = crates(target)
    # Every text once, below the crates that it came with; broken into lines in another way it is the same.
    known = {}
    for crate in listed:
        for text in texts(crate):
            titles, _ = known.setdefault(" ".join(text.split()), ([], text))
            titles.append(title(crate))
    parts = [section("Software of others that is part of the program wanbeacon", "\n".join(map(title, listed)))]
    parts += [section("\n".join(dict.fromkeys(titles)), text) for titles, text in known.values()]
    parts += [section("The Rust standard library", rust_library())]
    parts += [section("The GNU C Library, where the program is static", read(it, "install Debian's libc6-dev")) for it in LIBC]
    made = FOLDER / "third-party.txt.gz"
    made.write_bytes(gzip.compress("".join(parts).encode(), mtime=0))
    print(f"{made.name}: {len(listed)} crates, {len(known)} texts")


main()
