"""Measuring speed as a user does: networks of the zoo with random weights, exported and timed.

Usage: bench_cli_test.py PACT_BINARY [unittest arguments].
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PACT = None


def pact(*arguments, **options):
    return subprocess.run([PACT, *map(str, arguments)], capture_output=True, text=True, timeout=240, **options)


class RandomWeights(unittest.TestCase):
    def test_networks_of_integers_alone(self):
        bits = ["--weights", 2, "--activations", 4]
        result = pact("bench", "resnet8", *bits, "--requantize", "fixed", "--rounds", 2, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("fixed_rescale", {layer["algorithm"] for layer in json.loads(result.stdout)["layers"]})
        self.refuse("bench", "resnet8", "--requantize", "fixe", says=["fixed"])
        self.refuse("bench", "resnet8", "--stream-bits", 20, says=["--requantize fixed"])
        self.refuse("inspect", "resnet8", "--requantize", "fixed", says=["--graph"])
        self.refuse("eval", "resnet8", "--engine", "float", "--requantize", "fixed", says=["--engine int"])

    def refuse(self, *arguments, says, code=2):
        result = pact(*arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        for word in says:
            self.assertIn(word, result.stderr)

    def test_export_and_bench(self):
        bits = ["--weights", 2, "--activations", 4]
        with tempfile.TemporaryDirectory(prefix="pact-bench-") as folder:
            model = Path(folder) / "random.onnx"
            result = pact("export", "resnet8", "--random-weights", 3, *bits, "-o", model)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("means nothing", result.stderr)
            self.assertEqual(json.loads(pact("inspect", model, "--json").stdout)["network"], "resnet8_w2a4_random")
            self.refuse("bench", model, "--weights", 4, says=["random.onnx", "zoo"])
            table = json.loads(pact("bench", model, "--rounds", 2, "--threads", 1, "--json").stdout)
        self.assertGreater(len(table["layers"]), 5)
        table = json.loads(pact("bench", "resnet8", *bits, "--rounds", 2, "--json").stdout)
        self.assertEqual(table["network"], "resnet8-w2a4-random")

    def test_shortcuts(self):
        codes = ["--shortcuts", "codes"]
        with tempfile.TemporaryDirectory(prefix="pact-bench-") as folder:
            for form in ("random.onnx", "random.pact"):
                model = Path(folder) / form
                result = pact("export", "resnet8", "--random-weights", 3, *codes, "-o", model)
                self.assertEqual(result.returncode, 0, result.stderr)
            graph = pact("inspect", Path(folder) / "random.onnx", "--graph").stdout
            self.assertRegex(graph, r"layer1\.0\.sum: .* = add\(layer1\.0\.bn2, layer1\.0\.conv1\.input_quant\)")
            self.refuse("bench", model, *codes, says=["random.pact", "--shortcuts"])
        self.assertEqual(pact("bench", "resnet8", *codes, "--rounds", 2).returncode, 0)
        self.refuse("bench", "resnet8", "--shortcuts", "code", says=["did you mean 'codes'"], code=1)

    def test_refusals(self):
        self.refuse("export", "resnet8", "-o", "/tmp/x.onnx", says=["--random-weights", "means nothing"])
        self.refuse("bench", "resnet8", "--weights", 9, says=["not 9"], code=1)
        self.refuse("bench", "resnet9", says=["resnet9"], code=1)

    def test_threads_share_the_cores(self):
        cores, threads = len(os.sched_getaffinity(0)), 3 * len(os.sched_getaffinity(0))
        table = json.loads(pact("bench", "resnet8", "--threads", threads, "--rounds", 2, "--json").stdout)
        self.assertEqual((table["threads"], table["cores"]), (threads, cores))
        for layer in table["layers"]:
            if "macs_per_cycle" in layer:
                cycles = 1e-6 * layer["microseconds"] * 1e9 * table["clock_ghz"]
                self.assertAlmostEqual(layer["macs_per_cycle"] * cycles * cores / layer["macs"], 1, places=6)

    def test_a_terminal_sees_progress_from_the_start(self):
        terminal, end = os.openpty()
        result = subprocess.run([PACT, "bench", "resnet8", "--rounds", "1"], stdout=subprocess.PIPE, stderr=end, timeout=240)
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the end of what a terminal shows
            while part := os.read(terminal, 65536):
                shown += part
        os.close(terminal)
        self.assertEqual(result.returncode, 0, shown)
        self.assertIn(b"making the network ready", shown)
        self.assertIn(b"first runs, which tell how long one takes", shown)

    def test_runs_on_request(self):
        def ask(text):
            return pact("bench", "resnet8", "--on-request", "--threads", 1, input=text)

        lines = ask("1\n3\n").stdout.splitlines()
        self.assertEqual(json.loads(lines[0])["threads"], 1)
        self.assertEqual([len(json.loads(line)["seconds"]) for line in lines[1:]], [1, 3])
        for wrong in ("0\n", "x\n", "\n", "99999999999999999999\n"):
            result = ask(wrong)
            self.assertEqual(result.returncode, 2, wrong)
            self.assertIn("number of runs", result.stderr)


if __name__ == "__main__":
    PACT = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
