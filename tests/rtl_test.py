"""The hardware that `pact rtl` writes: lint, proofs, simulation, synthesis, and a complete network through it.

Usage: rtl_test.py PACT_BINARY [unittest arguments]. Tests whose tools or data are missing are skipped, with the reason.
PACT_LONG=1 adds 100 images of each network and a test bench; it takes minutes. Where all tests asked for are skipped,
the program ends with 77.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACT = None
OSU018 = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")


def need(program, package=None):
    if not shutil.which(program):
        raise unittest.SkipTest(f"{program} is not installed (apt-get install {package or program})")


def need_long(what):
    if os.environ.get("PACT_LONG") != "1":
        raise unittest.SkipTest(f"{what} takes long; PACT_LONG=1 runs it")


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pact-rtl-test-")
        self.dir = Path(self._folder.name)

    def tearDown(self):
        self._folder.cleanup()

    def run_program(self, *words, code=0, cwd=None, **options):
        result = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=cwd or ROOT, **options)
        self.assertEqual(result.returncode, code, f"{words}\n{result.stdout}\n{result.stderr}")
        return result

    def write(self, name, *options):
        folder = self.dir / name
        self.run_program(PACT, "rtl", "-o", folder, *options)
        return folder

    def refuse(self, *words, says, code=1, **options):
        message = self.run_program(*words, code=code, **options).stderr
        for word in says:
            self.assertIn(word, message)
        self.assertNotIn("Traceback", message)
        self.assertNotIn("internal error", message)


SMALL = ["--rows", 3, "--columns", 2]
DESIGNS = {
    "a8w8": [],
    "a4w2": [*SMALL, "--activation-bits", 4, "--weight-bits", 2, "--buffering", "single"],
    "a1w1": ["--rows", 1, "--columns", 1, "--activation-bits", 1, "--weight-bits", 1, "--terms", 9],
    "pairs": [*SMALL, "--products", 2, "--activation-bits", 3, "--weight-bits", 5],
    "twos": [*SMALL, "--coding", "twos", "--activation-bits", 5, "--weight-bits", 4],
    "booth": [*SMALL, "--coding", "booth", "--activation-bits", 16, "--weight-bits", 16],
}


class Sources(Case):
    def test_every_module_is_clean_under_all_warnings(self):
        need("verilator")
        for name, options in DESIGNS.items():
            folder = self.write(name, *options)
            tops = ("core", "accumulating_mac", "configurable_element") if name == "a4w2" else ("core",)
            for top in tops:
                for define in ([], ["+define+PACT_BEHAVIOURAL"]):
                    self.run_program("verilator", "--lint-only", "-Wall", *define, "-y", ".", "--top-module", top,
                                     f"{top}.sv", cwd=folder)

    def test_the_test_bench_passes(self):
        need("verilator")
        need_long("building a test bench")
        folder = self.write("twos", *DESIGNS["twos"])
        self.run_program("verilator", "--binary", "--timing", "-Wno-fatal", "-O0", "-CFLAGS", "-O0", "-y", ".",
                         "--top-module", "test_bench", "test_bench.sv", cwd=folder)
        output = self.run_program(folder / "obj_dir/Vtest_bench", cwd=folder).stdout
        self.assertIn("PASS", output)
        self.assertIn("; 0 differences", output)

    def test_json_tells_the_design(self):
        out = json.loads(self.run_program(PACT, "rtl", "-o", self.dir / "x", "--activation-bits", 2, "--weight-bits", 2,
                                          "--json").stdout)
        self.assertEqual(out["accumulator_bits"], 17)
        self.assertEqual(sorted(out["files"]), sorted(p.name for p in (self.dir / "x").iterdir()))

    def test_impossible_designs(self):
        target = ["-o", self.dir / "x"]
        self.refuse(PACT, "rtl", *target, "--rows", 0, "--columns", 99999, "--activation-bits", 17,
                    says=["rows", "columns", "activation bits", "1 to 16"])
        self.refuse(PACT, "rtl", *target, "--accumulator-bits", 10, says=["10 bits", "at least 16"])
        self.refuse(PACT, "rtl", *target, "--accumulator-bits", 65, says=["1 to 64"])
        self.refuse(PACT, "rtl", *target, "--coding", "gray", says=["coding"], code=2)
        self.refuse(PACT, "rtl", *target, "--coding", "booth", "--weight-bits", 1, says=["Booth"])
        self.assertFalse((self.dir / "x").exists())
        self.refuse(PACT, "rtl", "-o", "/proc/none", says=["/proc/none"])
        self.refuse(PACT, "rtl", "-o", ROOT / "README.md", says=["README.md: is a file; -o takes the folder"])

    def test_an_earlier_design_is_replaced_and_other_files_are_not(self):
        folder = self.write("x")
        self.assertIn("x: the design that was there is replaced", self.run_program(PACT, "rtl", "-o", folder).stderr)
        (folder / "multiply_add.sv").unlink()
        self.refuse(PACT, "rtl", "-o", folder, says=["not empty and holds no design"])

    def test_a_float_network_is_told_how_to_be_quantized(self):
        model = ROOT / "models/resnet20-cifar10-float"
        self.refuse(PACT, "cosimulate", model, "--data", "random",
                    says=["is a float network", "--weights and --activations", f"pact calibrate {model} -o RUN"])


class Proofs(Case):
    """yosys proves by SAT that the adders of a multiplier compute what the expression says."""

    def prove(self, folder, module, extra=""):
        script = (f"read_verilog -sv full_adder.sv half_adder.sv {module}.sv; rename {module} gate; "
                  f"read_verilog -sv -DPACT_BEHAVIOURAL {module}.sv; rename {module} gold; proc; flatten; opt_clean; "
                  f"miter -equiv -flatten -make_outputs gold gate miter; hierarchy -top miter; "
                  f"sat -verify -prove trigger 0 {extra} miter")
        return self.run_program("yosys", "-q", "-p", script, cwd=folder)

    def test_multipliers_equal_a_times_w(self):
        need("yosys")
        for coding in ("offset", "twos", "booth"):
            for a, w in ((2, 2), (3, 3), (4, 4), (1, 3), (4, 2)):
                folder = self.write(f"{coding}{a}{w}", "--coding", coding, "--activation-bits", a, "--weight-bits", w,
                                    "--accumulator-bits", a + w + 2)
                self.prove(folder, "multiply_add")
        self.prove(self.write("pairs", "--products", 3, "--activation-bits", 2, "--weight-bits", 2,
                              "--accumulator-bits", 7), "multiply_add")

    def test_configurable_elements_equal_their_modes(self):
        need("yosys")
        folder = self.write("word4", "--activation-bits", 4, "--weight-bits", 4, "--terms", 4)
        for mode in (1, 2):
            self.prove(folder, "configurable_multiply_add", f"-set in_is_mode {mode}")
        # Of words of 8 bits the mode of 2-bit codes; the others take SAT longer than minutes.
        folder = self.write("word8", "--activation-bits", 8, "--weight-bits", 8, "--terms", 4)
        self.prove(folder, "configurable_multiply_add", "-set in_is_mode 4")

    def test_a_wrong_multiplier_is_found(self):
        need("yosys")
        folder = self.write("wrong", "--activation-bits", 3, "--weight-bits", 3, "--accumulator-bits", 8)
        path = folder / "multiply_add.sv"
        path.write_text(path.read_text().replace("(activation[1] & weight[2])", "(activation[1] | weight[2])", 1))
        with self.assertRaises(AssertionError):
            self.prove(folder, "multiply_add")


# Every mode of a configurable multiply-add against its definition: all pairs of words up to 8 bits, 300,000 drawn ones
# beyond, and with each a drawn addend, now and then an extreme one.
WORDS = r"""
#include <cstdint>
#include <cstdio>
#include <random>
#include "Vconfigurable_multiply_add.h"
int main() {
  Vconfigurable_multiply_add dut;
  std::mt19937_64 random(20261129);
  const uint64_t mask = (uint64_t{1} << ACCUMULATOR) - 1, word = (uint64_t{1} << WORD) - 1;
  const uint64_t count = WORD <= 8 ? (word + 1) * (word + 1) : 300000;
  uint64_t wrong = 0, seen = 0;
  for (int mode = 0; (WORD >> mode) >= 2; ++mode)
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t draw = random(), kind = draw >> 60;
      uint64_t a = WORD <= 8 ? i & word : random() & word, w = WORD <= 8 ? i >> WORD : random() & word;
      if (WORD > 8 && kind == 2) a = word;
      if (WORD > 8 && kind <= 2) w = word;
      const uint64_t addend = (kind == 0 ? 0 : kind == 1 ? mask : draw) & mask;
      dut.is_mode = 1 << mode, dut.activation = a, dut.weight = w, dut.addend = addend;
      dut.eval();
      uint64_t sum = addend;
      const int bits = WORD >> mode;
      for (int p = 0; p < 1 << mode; ++p) {
        const uint64_t code = (uint64_t{1} << bits) - 1;
        sum += ((a >> p * bits) & code) * ((w >> p * bits) & code);
      }
      wrong += dut.sum != (sum & mask), ++seen;
    }
  std::printf("%llu of %llu wrong\n", (unsigned long long)wrong, (unsigned long long)seen);
}
"""


class Words(Case):
    """What is too large to be proved is run through, exhaustively where that is possible."""

    def count_wrong(self, folder, word, accumulator):
        (folder / "words.cpp").write_text(WORDS)
        self.run_program("verilator", "--cc", "--exe", "--build", "-O3", "--top-module", "configurable_multiply_add", "-y", ".",
                         "-MAKEFLAGS", "OPT_FAST=-O1", "-CFLAGS", f"-DWORD={word} -DACCUMULATOR={accumulator}",
                         "configurable_multiply_add.sv", "words.cpp", cwd=folder)
        return self.run_program(folder / "obj_dir/Vconfigurable_multiply_add", cwd=folder).stdout.strip()

    def test_every_mode_of_words_of_8_and_16_bits(self):
        need("verilator")
        for word, seen in ((8, 3 * 65536), (16, 4 * 300000)):
            folder = self.write(f"word{word}", "--activation-bits", word, "--weight-bits", word, "--terms", 4)
            self.assertEqual(self.count_wrong(folder, word, 2 * word + 2), f"0 of {seen} wrong")

    def test_a_wrong_gate_is_found(self):
        need("verilator")
        folder = self.write("wrong", "--activation-bits", 8, "--weight-bits", 8, "--terms", 4)
        path = folder / "configurable_multiply_add.sv"
        text = path.read_text()
        self.assertIn("(activation[7] & weight[7] & (is_mode[2]))", text)
        path.write_text(text.replace("(activation[7] & weight[7] & (is_mode[2]))", "(activation[7] & weight[7])", 1))
        self.assertFalse(self.count_wrong(folder, 8, 18).startswith("0 of"))


class Synthesis(Case):
    def synthesize(self, *options, **rest):
        return self.run_program(ROOT / "tools/synthesize", "--pact", PACT, "-o", self.dir / "t.json", *options, **rest)

    def test_densities_are_within_the_bars(self):
        need("yosys")
        if not OSU018.exists():
            self.skipTest("the cells of OSU018 are not installed (apt-get install qflow-tech-osu018)")
        self.synthesize("--designs", "mac", "--bits", 16, 8, 4, 2, "--table", self.dir / "t.md")
        entries = json.loads((self.dir / "t.json").read_text())["entries"]
        area = {(e["design"], e["activation_bits"]): e["area"] for e in entries if e["accumulator"] == "exact"}
        for bits, low, high in ((8, 3.0, 3.3), (4, 6.8, 8.5), (2, 11, 16)):
            self.assertTrue(low <= area["mac", 16] / area["mac", bits] <= high, f"{bits} bits: {area}")
        self.assertIn("| 8 | 4 | 2 |", (self.dir / "t.md").read_text())

    def test_the_file_that_ships_is_what_the_sources_give(self):
        need("yosys")
        if not OSU018.exists():
            self.skipTest("the cells of OSU018 are not installed (apt-get install qflow-tech-osu018)")
        self.synthesize("--designs", "ws_pe", "twos_mac", "--bits", 3, 2)
        shipped = json.loads((ROOT / "configs/technology/osu018.json").read_text())["entries"]
        made = json.loads((self.dir / "t.json").read_text())
        for key, program in (("delay_ns", "sta"), ("energy_pj", "iverilog")):
            if shutil.which(program):
                self.assertTrue(all(entry[key] > 0 for entry in made["entries"]))
            else:
                self.assertIn(f"no {key.split('_')[0]}:", made["provenance"]["note"])
        key = lambda e: (e["design"], e["accumulator"], e["activation_bits"])
        shipped = {key(e): e for e in shipped}
        for entry in made["entries"]:
            self.assertEqual({**shipped[key(entry)], **entry}, shipped[key(entry)])

    def test_energy_and_delay_grow_with_the_bits(self):
        entries = json.loads((ROOT / "configs/technology/osu018.json").read_text())["entries"]
        for design in ("mac", "ws_pe", "twos_mac", "dot4"):
            own = sorted((e for e in entries if e["design"] == design and e["accumulator"] == "exact"),
                         key=lambda e: e["activation_bits"])
            for narrow, wide in zip(own, own[1:]):
                self.assertLess(narrow["energy_pj"], wide["energy_pj"])
                self.assertLess(narrow["delay_ns"], wide["delay_ns"])

    def test_libraries_that_cannot_be_read(self):
        need("yosys")
        bad = self.dir / "bad.lib"
        tool = [ROOT / "tools/synthesize", "--pact", PACT, "-o", self.dir / "t.json", "--liberty", bad]
        self.refuse(*tool, says=["bad.lib", "cannot be read"])
        for text, says in ((b"", "not a Liberty file"), (b"\x00\xff\x07", "not a Liberty file"),
                           (b"library (x) { cell (A) { area : 3; ", "ends within"),
                           (b"library (x) { cell (A) { area : 3; } }", "no flip-flop"),
                           (b"library (x) { } }", "closing brace")):
            bad.write_bytes(text)
            self.refuse(*tool, says=["bad.lib", says])

    def test_missing_tools_are_named(self):
        empty = self.dir / "bin"
        empty.mkdir()
        for program in ("python3", "env", "sh", "bash"):
            if found := shutil.which(program):
                (empty / program).symlink_to(found)
        environment = {**os.environ, "PATH": str(empty)}
        self.refuse(ROOT / "tools/synthesize", "--pact", PACT, says=["yosys", "apt-get install yosys"], env=environment)
        model = ROOT / "models/resnet20-cifar10-w4a4"
        self.refuse(PACT, "cosimulate", model, "--data", "shapes", says=["Verilator", "apt-get install verilator"],
                    env=environment)


# Stands for Verilator: it builds for a minute, by a process of its own that minds no polite signal.
SLOW_VERILATOR = """#!/bin/sh
[ "$1" = --version ] && exit 0
sh -c 'trap "" TERM INT; echo $$ > "$CHILD"; sleep 60; sleep 60' &
wait
"""


class Interruptions(Case):
    """A signal while an array is built ends the builders too, leaves nothing, and is what the program ends by."""

    def interrupt(self, number, to_group):
        tools, temporary, child = self.dir / "bin", self.dir / "tmp", self.dir / "child"
        tools.mkdir()
        temporary.mkdir()
        (tools / "verilator").write_text(SLOW_VERILATOR)
        (tools / "verilator").chmod(0o755)
        environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": str(temporary), "CHILD": str(child)}
        program = subprocess.Popen([PACT, "cosimulate", ROOT / "models/resnet20-cifar10-w4a4", "--data", "random"],
                                   env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        deadline = time.monotonic() + 60
        while not (child.exists() and child.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual([p.name[:9] for p in temporary.iterdir()], ["pact-rtl-"])
        (os.killpg if to_group else os.kill)(program.pid, number)
        out, told = program.communicate(timeout=30)
        self.assertEqual(program.returncode, -number)
        self.assertEqual(out, "")
        self.assertEqual(told.splitlines()[-1], "pact: interrupted while verilator ran")
        self.assertEqual(list(temporary.iterdir()), [])
        status = Path(f"/proc/{int(child.read_text())}/status")
        self.assertTrue(not status.exists() or "Z (zombie)" in status.read_text())

    def test_ctrl_c(self):
        self.interrupt(signal.SIGINT, to_group=True)

    def test_to_the_program_alone(self):
        self.interrupt(signal.SIGINT, to_group=False)

    def test_sigterm(self):
        self.interrupt(signal.SIGTERM, to_group=False)

    def test_sigquit(self):
        limits = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, limits[1]))  # SIGQUIT would leave one
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, limits)
        self.interrupt(signal.SIGQUIT, to_group=True)

    def test_a_closed_pipe(self):
        self.interrupt(signal.SIGPIPE, to_group=False)


class Networks(Case):
    """A trained network on CIFAR-10 images: every value as in the reference, scores as from the engine."""

    def cosimulate(self, model, images, size):
        need("verilator")
        data = Path(os.environ.get("PACT_DATA", ROOT / "../shared/data")) / "cifar10"
        if not data.exists():
            self.skipTest(f"{data} is not there (docs/data.md tells how to get CIFAR-10)")
        out = json.loads(self.run_program(PACT, "cosimulate", ROOT / "models" / model, "--data", f"cifar10:{data}",
                                          "--images", images, "--rows", size, "--columns", size, "--json").stdout)
        self.assertEqual((out["images"], out["wrong"], out["images_unlike_engine"]), (images, 0, 0))
        self.assertGreater(out["values"], 600000 * images)
        self.assertEqual(out["cycles"], out["model_cycles"])
        places = {node["op"]: node["place"] for node in out["nodes"]}
        self.assertEqual({places["integer_conv2d"], places["integer_linear"]}, {"array"})
        self.assertEqual({places["fixed_requantize"], places["fixed_rescale"], places["add"]}, {"requantize units"})
        return out

    def test_an_image_through_the_4_bit_network(self):
        self.cosimulate("resnet20-cifar10-w4a4", 1, 8)

    def test_a_hundred_images(self):
        need_long("100 images of each network")
        for model in ("resnet20-cifar10-w4a4", "resnet20-cifar10-w2a2"):
            out = self.cosimulate(model, 100, 16)
            self.assertGreater(out["correct"], 80)


if __name__ == "__main__":
    PACT = str(Path(sys.argv.pop(1)).resolve())
    result = unittest.main(verbosity=2, exit=False).result
    if result.skipped and len(result.skipped) == result.testsRun:
        print(f"skipped: {result.skipped[0][1]}")
        sys.exit(77)
    sys.exit(not result.wasSuccessful())
