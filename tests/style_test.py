#!/usr/bin/env python3
"""Checks of the source tree that need no compiler: names, opening comments, length, leftovers.

usage: style_test.py ROOT

Prints all violations. Rules that a compiler or clang-tidy can check are theirs (.clang-tidy).
"""
import re
import sys
from pathlib import Path

FOLDERS = ["src", "include", "examples", "tests", "benchmarks", "cmake", "tools", "configs", "docs"]
CODE = {".h", ".cc", ".cu", ".c", ".inc", ".py", ".cmake", ".js", ".css", ".html"}
TEXT = CODE | {".md", ".txt", ".json", ""}
MAX_LINES = 400
# Of a line of C++ code: comments, and texts between R"( and )", whose lines are what they are, may be longer.
MAX_COLUMNS = 110
COLUMNS_COUNT = {".h", ".cc", ".cu", ".c", ".inc"}
RAW_STRING = re.compile(r'R"(\w*)\(.*?\)\1"', re.S)

SNAKE_CASE = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z]+)?$")
RECIPE_NAME = re.compile(r"^[a-z][a-z0-9-]*\.json$")
OTHER_NAMES = {"CMakeLists.txt"}
# Names that say nothing about what is inside.
VAGUE = re.compile(r"(^|_)(util|utils|helper|helpers|manager|misc|common)(_|\.|$)")
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK|TBD)\b")
CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>) ", re.M)
# Libraries return results and throw; what a user sees is printed by cli and by the progress line.
PRINTS = re.compile(
    r"\bstd::(cout|cerr|clog|exit|abort|quick_exit)\b|\b(printf|fprintf|puts)\s*\(|\bfmt::print\s*\(")
MAY_PRINT = re.compile(r"^src/(cli/|base/progress\.cc$)")


def is_test(path):
    return path.stem.endswith(("_test", "_bench")) or path.parts[0] == "tests"


def opens_with_comment(path, text):
    if path.suffix == ".py":
        text = re.sub(r"\A#!.*\n", "", text)
        return text.startswith(('"""', "#"))
    return text.startswith(("//", "/*", "#", "<!", '"') if path.suffix in {".cmake", ".html", ".css", ".js", ".c"} or path.parts[0] == "include" else "//")


def speaks_for_itself(root, path, text):
    """A .cc file whose header tells what it is for, or one that only compiles another file again."""
    if path.suffix != ".cc":
        return False
    first = re.search(r'^#include "(?:\w+/)+(\w+)\.h"', text, re.M)
    has_header = (root / path.with_suffix(".h")).exists() and first and first.group(1) == path.stem
    code = [line for line in text.splitlines() if line.strip()]
    return has_header or (len(code) <= 3 and all(line.startswith("#") for line in code))


def long_lines(text):
    kept = RAW_STRING.sub(lambda found: "\n" * found.group().count("\n"), text)
    for number, line in enumerate(kept.split("\n"), 1):
        if len(line) > MAX_COLUMNS and not line.lstrip().startswith("//"):
            yield number


def check(root, path, problems):
    def add(problem, position=None):
        line = f":{text.count(chr(10), 0, position) + 1}" if position is not None else ""
        problems.append(f"{path}{line}: {problem}")

    text = (root / path).read_text(errors="replace")
    name_rule = RECIPE_NAME if path.parts[0] == "configs" else SNAKE_CASE
    if not name_rule.match(path.name) and path.name not in OTHER_NAMES:
        add("file names are snake_case" if name_rule is SNAKE_CASE else "names of configurations are words-with-hyphens")
    if VAGUE.search(path.name):
        add("a file is named after the one thing inside")
    for match in [*LEFTOVERS.finditer(text), *CONFLICT.finditer(text)]:
        if path.name != Path(__file__).name:
            add(f"leftover '{match.group().strip()}'", match.start())
    if path.suffix not in CODE:
        return
    if (lines := text.count("\n")) > MAX_LINES:
        add(f"{lines} lines; beyond {MAX_LINES}, look for the second idea")
    if not text.endswith("\n") or text.endswith("\n\n"):
        add("ends in one newline")
    if "\t" in text or "\r" in text:
        add("has a tab or a carriage return")
    if path.suffix in COLUMNS_COUNT:
        for number in long_lines(text):
            problems.append(f"{path}:{number}: a line of code has at most {MAX_COLUMNS} columns")
    if path.suffix == ".h" and len(re.findall(r"^#pragma once$", text, re.M)) != 1:
        add("a header has one `#pragma once`")
    if not is_test(path) and not opens_with_comment(path, text) and not speaks_for_itself(root, path, text):
        add("opens with a comment on what it is for")
    if path.suffix in {".h", ".cc", ".cu", ".inc"} and path.parts[0] == "src":
        if "using namespace std" in text:
            add("no `using namespace std`")
        if not is_test(path) and not MAY_PRINT.match(path.as_posix()):
            for match in PRINTS.finditer(text):
                add(f"libraries neither print nor exit: {match.group().rstrip('( ')}", match.start())


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
    problems, count = [], 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
                check(root, path.relative_to(root), problems)
                count += 1
    for problem in problems:
        print(problem)
    print(f"{count} files, {len(problems)} violations")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
