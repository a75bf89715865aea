#!/usr/bin/env python3
"""The engine as a library, as a user meets it: installed into a folder, the folder moved, the examples built against it.

Usage: library_test.py PACT_BINARY BUILD_FOLDER [unittest arguments]

The examples must print what `pact run` says of the same images; the library must show its interfaces and nothing else,
and need nothing but the C++ runtime.
"""

import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

PACT = BUILD = None
ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "models/resnet20-cifar10-w4a4"
MAY_NEED = re.compile(r"^(libstdc\+\+|libgcc_s|libc|libm|libpthread|ld-linux[-\w]*)\.so")
MAY_SHOW = re.compile(r"^(pact_\w+|PACT_0|(non-virtual thunk to |typeinfo (name )?for |vtable for )?pact::(Engine|Error)(::.*)?)$")


def call(*arguments, code=0, **options):
    result = subprocess.run([*map(str, arguments)], capture_output=True, text=True, **options)
    if result.returncode != code:
        raise AssertionError(f"{arguments} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result


def write_png(path, pixels, side=32):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + pixels[y * side * 3 : (y + 1) * side * 3] for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def draw_images(folder, count=6):
    """Random blocks, as PNG for `pact run` and as PPM for the examples."""
    seed = random.randrange(1 << 30)
    print(f"image seed {seed}", file=sys.stderr)
    rng, pairs = random.Random(seed), []
    for i in range(count):
        blocks = [bytes(rng.randrange(256) for _ in range(3)) for _ in range(64)]
        pixels = b"".join(blocks[y // 4 * 8 + x // 4] for y in range(32) for x in range(32))
        png, ppm = folder / f"{i}.png", folder / f"{i}.ppm"
        write_png(png, pixels)
        ppm.write_bytes(b"P6\n32 32\n255\n" + pixels)
        pairs.append((png, ppm))
    return [png for png, _ in pairs], [ppm for _, ppm in pairs]


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="pact-library-")
        cls.dir = Path(cls._folder.name)
        call("cmake", "--install", BUILD, "--component", "engine", "--prefix", cls.dir / "prefix")
        cls.prefix = (cls.dir / "prefix").rename(cls.dir / "moved elsewhere")
        cls.lib = next(cls.prefix.rglob("libpact_engine.so")).parent
        cls.model = cls.dir / "m.pact"
        call(PACT, "export", RUN, "-o", cls.model)

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def test_examples_say_what_pact_run_says(self):
        build = self.dir / "examples"
        call("cmake", "-G", "Ninja", "-S", ROOT / "examples", "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
             "-DCMAKE_C_FLAGS=-std=c99 -Wall -Wextra -Wpedantic -Werror", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror",
             "-DCMAKE_CXX_STANDARD=17")
        call("cmake", "--build", build)
        pngs, ppms = draw_images(self.dir)
        by_cxx = call(build / "classify", self.model, *ppms).stdout
        by_c = call(build / "classify_c", self.model, *ppms).stdout
        self.assertEqual(by_cxx, by_c)
        said = [line.split()[:2] for line in by_cxx.splitlines()]
        self.assertEqual(len(said), len(pngs))
        for model in (self.model, RUN):
            images = json.loads(call(PACT, "run", model, *pngs, "--json").stdout)["images"]
            best = [image["guesses"][0] for image in images]
            self.assertEqual(said, [[str(guess["class"]), guess["name"]] for guess in best])
        self.assertIn(said[0][1], "airplane automobile bird cat deer dog frog horse ship truck".split())
        self.refuse_bad_files(build, ppms[0])

    def refuse_bad_files(self, build, image):
        damaged = self.dir / "damaged.pact"
        good = self.model.read_bytes()
        damaged.write_bytes(good[:5000] + bytes([good[5000] ^ 1]) + good[5001:])
        for program in ("classify", "classify_c"):
            self.assertIn("damaged.pact", call(build / program, damaged, image, code=1).stderr)
            self.assertIn("none.pact", call(build / program, self.dir / "none.pact", image, code=1).stderr)
            self.assertIn("PPM", call(build / program, self.model, damaged, code=1).stderr)

    def test_pkg_config_finds_it(self):
        file = next(self.prefix.rglob("pact-engine.pc"))
        try:
            words = call("pkg-config", "--cflags", "--libs", "pact-engine",
                         env={**os.environ, "PKG_CONFIG_PATH": str(file.parent)}).stdout
        except FileNotFoundError:
            self.skipTest("pkg-config is not installed")
        self.assertIn("-lpact_engine", words)
        for flag in ("-I", "-L"):
            self.assertIn("moved", words.split(flag)[1])

    def test_the_library_shows_only_its_interfaces_and_needs_only_the_runtime(self):
        library = self.lib / "libpact_engine.so"
        dynamic = call("readelf", "--dynamic", "--wide", library).stdout
        self.assertRegex(dynamic, r"SONAME.*\[libpact_engine\.so\.\d+\]")
        needed = re.findall(r"NEEDED.*\[(.+)\]", dynamic)
        if "-fsanitize" not in (Path(BUILD) / "CMakeCache.txt").read_text():
            self.assertEqual([name for name in needed if not MAY_NEED.match(name)], [])
        symbols = call("nm", "--dynamic", "--defined-only", "--demangle", "--without-symbol-versions", library).stdout
        shown = [line.split(maxsplit=2)[2] for line in symbols.splitlines()]
        self.assertEqual([name for name in shown if not MAY_SHOW.match(name)], [])
        self.assertIn("pact_load", shown)
        stripped = self.dir / "stripped.so"
        call("strip", "-o", stripped, library)
        print(f"stripped library: {stripped.stat().st_size} bytes; model: {self.model.stat().st_size}", file=sys.stderr)
        self.assertLess(stripped.stat().st_size, 2_000_000)

    def test_every_command_takes_the_file(self):
        table = json.loads(call(PACT, "inspect", self.model, "--json").stdout)
        self.assertEqual([layer["weight_bits"] for layer in table["layers"]][:2], [8, 4])
        self.assertLess(self.model.stat().st_size, 1.25 * table["bytes"], "codes are packed at their bits")
        self.assertGreater(json.loads(call(PACT, "bench", self.model, "--rounds", 2, "--json").stdout)["images_per_second"], 0)
        again = self.dir / "again.pact"
        call(PACT, "export", self.model, "-o", again)
        self.assertEqual(again.read_bytes(), self.model.read_bytes())
        lines = {}
        for model, engine in ((RUN, "int"), (self.model, "int"), (self.model, "reference")):
            out = self.dir / "classes.txt"
            call(PACT, "eval", model, "--engine", engine, "--data", "shapes:test=20", "--predictions", out)
            lines[model, engine] = out.read_text()
        self.assertEqual(len(set(lines.values())), 1)

    def test_a_program_without_training_says_so(self):
        if "PACT_TRAIN:BOOL=OFF" not in (Path(BUILD) / "CMakeCache.txt").read_text():
            self.skipTest("this build trains")
        self.assertIn("libtorch", call(PACT, "train", "resnet8", "--data", "shapes", "--weights", 4, code=1).stderr)
        self.assertIn("libtorch", call(PACT, "eval", RUN, "--data", "shapes:test=20", code=1).stderr)

    def test_wrong_uses_are_told(self):
        onnx = self.dir / "m.onnx"
        self.assertIn("int", call(PACT, "export", self.model, "-o", onnx, code=1).stderr)
        self.assertIn("--format", call(PACT, "export", RUN, "-o", self.dir / "x.pact", "--format", "qcdq", code=2).stderr)
        says = call(PACT, "eval", self.model, "--engine", "float", "--data", "shapes:test=20", code=1).stderr
        self.assertIn("--engine int", says)
        self.assertIn("--mean", call(PACT, "eval", self.model, "--mean", "0.5", "--data", "shapes:test=20", code=2).stderr)
        (self.dir / "text.pact").write_text("graph x")
        for command in ("inspect", "bench", "eval"):
            self.assertIn("text.pact", call(PACT, command, self.dir / "text.pact", code=1).stderr)


if __name__ == "__main__":
    PACT, BUILD = (str(Path(sys.argv.pop(1)).resolve()) for _ in range(2))
    unittest.main(verbosity=2)
