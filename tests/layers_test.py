#!/usr/bin/env python3
"""Enforces src/layers.txt: who includes whom, and that libtorch stays inside src/train.

usage: layers_test.py ROOT

Every `#include "layer/..."` under src/<layer>/ (tests, too) must name the layer itself or one that its line lists.
A layer lists only layers above its own line, so there are no cycles. No file outside src/train reaches a header of
libtorch, however indirectly, not even through a header of src/train. All violations are printed.
"""
import re
import sys
from pathlib import Path

SOURCES = {".h", ".cc", ".inc", ".cu"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
# Packages that belong to one layer or kind of file: what includes them, whose they are.
OWNED = [
    (re.compile(r"^CLI/"), "CLI11 belongs to src/cli", lambda path: path.parts[1] == "cli"),
    (re.compile(r"^(gtest|gmock)/"), "GoogleTest belongs to *_test.cc", lambda path: path.stem.endswith("_test")),
    (re.compile(r"^benchmark/"), "Google Benchmark belongs to *_bench.cc", lambda path: path.stem.endswith("_bench")),
]
# A file compiled for one instruction set may share no inline functions or templates: the linker could keep its copy
# of one for the whole program, which then fails on lesser machines. So it sees these headers and nothing else.
ISA_FILE = re.compile(r"^(x86|arm)_\w+\.cc$")
ISA_MAY_SEE = {"cstdint", "cstddef", "stdint.h", "stddef.h", "immintrin.h", "arm_neon.h"}
# Intrinsics in plain C, which only the tests' second build of such files includes, without flags of its own.
EMULATION = "simde/"


def read_layers(path, problems):
    """The layers, lowest first: name -> the layers that it may include."""
    layers = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([a-z_]+):((?: [a-z_]+)*)\s*", line)
        if not match:
            problems.append(f"src/layers.txt:{number}: expected `layer: layers it may include`, not '{line}'")
            continue
        name, allowed = match.group(1), match.group(2).split()
        if name in layers:
            problems.append(f"src/layers.txt:{number}: {name} has a line already")
        for other in allowed:
            if other not in layers:
                problems.append(f"src/layers.txt:{number}: {name} lists {other}, which has no line above it")
        layers[name] = allowed
    return layers


class Tree:
    """The sources with their includes; paths are relative to the root."""

    def __init__(self, root):
        self.root = root
        found = (p.relative_to(root) for p in sorted((root / "src").rglob("*")) if p.suffix in SOURCES and p.is_file())
        self.includes = {path: self._includes_of(path) for path in found}

    def _includes_of(self, path):
        text = (self.root / path).read_text()
        return [
            (text.count("\n", 0, m.start()) + 1, m.group(1) is not None, m.group(1) or m.group(2))
            for m in INCLUDE.finditer(text)
        ]

    def reach(self, path, is_wanted):
        """The shortest chain of includes from `path` to a system header that is wanted, or None."""
        chains, seen = [[path]], {path}
        for chain in chains:
            for _, is_own, name in self.includes.get(chain[-1], []):
                if not is_own:
                    if is_wanted(name):
                        return [str(step) for step in chain] + [f"<{name}>"]
                elif (target := Path("src") / name) not in seen:
                    seen.add(target)
                    chains.append(chain + [target])
        return None


def check_own_include(tree, layers, path, line, name, problems):
    where, layer = f"{path}:{line}", path.parts[1]
    other = name.split("/")[0]
    if "/" not in name or other not in layers:
        problems.append(f'{where}: includes "{name}"; paths start with a layer of src')
    elif other != layer and other not in layers[layer]:
        problems.append(f'{where}: {layer} includes "{name}", but its line in src/layers.txt does not list {other}')
    elif Path("src") / name not in tree.includes:
        problems.append(f'{where}: includes "{name}", which is not in src')


def check_file(tree, layers, path, problems):
    for line, is_own, name in tree.includes[path]:
        if is_own:
            check_own_include(tree, layers, path, line, name, problems)
            continue
        for pattern, rule, may in OWNED:
            if pattern.match(name) and not may(path):
                problems.append(f"{path}:{line}: includes <{name}>; {rule}")
    if path.parts[1] != "train" and (chain := tree.reach(path, TORCH.match)):
        problems.append(f"{path}: reaches libtorch, which belongs to src/train: {' -> '.join(chain)}")
    if path.parts[1] == "kernels" and ISA_FILE.match(path.name):
        chain = tree.reach(path, lambda name: name not in ISA_MAY_SEE and not name.startswith(EMULATION))
        if chain:
            problems.append(f"{path}: a file for one instruction set must not see {chain[-1]}: {' -> '.join(chain)}")


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
    problems = []
    layers = read_layers(root / "src/layers.txt", problems)
    folders = {p.name for p in (root / "src").iterdir() if p.is_dir()}
    problems += [f"src/{name}: has no line in src/layers.txt" for name in sorted(folders - layers.keys())]
    problems += [f"src/layers.txt: {name} has no folder in src" for name in sorted(layers.keys() - folders)]
    tree = Tree(root)
    for path in tree.includes:
        if len(path.parts) > 2 and path.parts[1] in layers:
            check_file(tree, layers, path, problems)
    for problem in problems:
        print(problem)
    print(f"{len(layers)} layers, {len(tree.includes)} files, {len(problems)} violations")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
