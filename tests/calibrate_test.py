"""`pact calibrate` as a user meets it, with the trained float networks: a few hundred images in, integers out.

Usage: calibrate_test.py PACT_BINARY [unittest arguments]. Needs cifar10/ and models/ in the folder that PACT_DATA names;
without them only what needs no data is tested, and the rest says why it is skipped.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PACT = None
ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PACT_DATA", ROOT / "../shared/data"))
CIFAR10 = f"cifar10:{DATA / 'cifar10'}"
ONNX = DATA / "models" / "cifar10_resnet20-12fca82f.onnx"
STATISTICS = ["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"]
FLOAT_RUN = ROOT / "models" / "resnet20-cifar10-float"


def pact(*arguments, limit_file_size=None):
    def before():
        if limit_file_size is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_file_size, limit_file_size))

    return subprocess.run([PACT, *map(str, arguments)], capture_output=True, text=True, timeout=240, preexec_fn=before,
                          cwd=ROOT)


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pact-calibrate-")
        self.dir = Path(self._folder.name)

    def tearDown(self):
        self._folder.cleanup()

    def succeed(self, *arguments):
        result = pact(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def refuse(self, *arguments, says, code=1):
        result = pact(*arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        for word in says:
            self.assertIn(word, result.stderr)


@unittest.skipUnless((DATA / "cifar10" / "data_batch_1.bin").exists() and ONNX.exists(),
                     f"{DATA} holds no cifar10/ and models/ (set PACT_DATA)")
class WithData(Case):
    def top1(self, model, engine="int"):
        told = self.succeed("eval", model, "--data", CIFAR10, "--engine", engine, "--images", 200, "--json")
        return json.loads(told)["top1"]

    def test_eight_bits_keep_the_accuracy_and_every_command_takes_them(self):
        run, onnx, packed = self.dir / "int8", self.dir / "int8.onnx", self.dir / "int8.pact"
        told = json.loads(self.succeed("calibrate", FLOAT_RUN, "--data", CIFAR10, "--images", 32, "-o", run, "--json"))
        self.assertEqual(told["images"], 32)
        self.assertTrue(all(v["bits"] == 8 and 0 < v["level"] <= 1.001 * v["largest"] for v in told["values"]))
        self.assertLess(told["bytes"], told["float_bytes"] / 3)
        self.assertAlmostEqual(self.top1(run), self.top1(FLOAT_RUN, "float"), delta=1.0)
        self.succeed("export", run, "-o", onnx)
        self.succeed("export", run, "-o", packed)
        for model in (onnx, packed):
            self.assertEqual(self.top1(model), self.top1(run))
        layers = json.loads(self.succeed("inspect", run, "--json"))["layers"]
        self.assertTrue(all(layer["weight_bits"] == 8 and layer["activation_bits"] == 8 for layer in layers))
        for command in (["bench", run, "--rounds", 2], ["accelerate", run], ["report", run]):
            self.succeed(*command)

    def test_a_float_onnx_network_becomes_an_integer_one_in_every_form(self):
        answers = []
        for name in ("int8.onnx", "int8.pact", "run"):
            self.succeed("calibrate", ONNX, *STATISTICS, "--data", CIFAR10, "--images", 16, "-o", self.dir / name)
            answers.append(self.top1(self.dir / name))
        self.assertEqual(len(set(answers)), 1, answers)
        self.assertAlmostEqual(answers[0], 91.0, delta=1.0)  # 182 of 200 in float
        self.refuse("calibrate", self.dir / "int8.onnx", "--data", CIFAR10, "-o", self.dir / "again", says=["quantized already"])
        self.refuse("calibrate", self.dir / "int8.pact", "--data", CIFAR10, "-o", self.dir / "again", says=["holds integers"])

    def test_the_scale_of_pixels_is_told(self):
        evaluate = ["eval", ONNX, "--data", CIFAR10, "--images", 20]
        self.assertIn("does not tell what pixels it expects; it gets them as 0..1", pact(*evaluate).stderr)
        self.refuse(*evaluate, *STATISTICS[:2], code=2, says=["--mean requires --std"])
        self.assertNotIn("pixels", pact(*evaluate, *STATISTICS).stderr)

    def test_shortcuts_of_codes_cost_no_accuracy(self):
        run = self.dir / "codes"
        self.succeed("calibrate", FLOAT_RUN, "--data", CIFAR10, "--images", 32, "--shortcuts", "codes", "-o", run)
        self.assertEqual(json.loads((run / "run.json").read_text())["settings"]["shortcuts"], "codes")
        self.assertAlmostEqual(self.top1(run), self.top1(FLOAT_RUN, "float"), delta=1.0)
        self.assertIn("layer1.1.sum.shortcut: f32[N,16,32,32] = dequantize(layer1.1.conv1.input_quant)",
                      self.succeed("inspect", run, "--graph", "--requantize", "real"))

    def test_numbers_for_a_network_of_the_zoo(self):
        self.succeed("calibrate", "resnet20", "--parameters", FLOAT_RUN / "last.safetensors", "--data", CIFAR10,
                     "--images", 8, "-o", self.dir / "zoo.pact")
        self.refuse("calibrate", "resnet32", "--parameters", FLOAT_RUN / "last.safetensors", "--data", CIFAR10, "-o",
                    self.dir / "x", says=["does not fit resnet32"])


class Refusals(Case):
    def test_a_run_that_cannot_be_written_whole_is_not_there(self):
        """The file system takes files up to a size, each time a little less than one of those of a run has. The page is
        not missed: without it the network stays."""
        arguments = ["calibrate", FLOAT_RUN, "--data", "shapes:train=64,test=40", "--images", 8, "-o"]
        result = pact(*arguments, self.dir / "whole")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("choosing the grids of the weights", result.stderr)
        sizes = {path.name: path.stat().st_size for path in (self.dir / "whole").iterdir()}
        self.assertEqual(len(sizes), 5)
        page = sizes.pop("report.html")
        for out in (self.dir / "out", self.dir / "there"):
            for size in sizes.values():
                (self.dir / "there").mkdir(exist_ok=True)
                result = pact(*arguments, out, limit_file_size=size - 100)  # names and times are in them, too
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertIn("cannot be written", result.stderr)
                self.assertFalse((self.dir / "out").exists())
                self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["there", "whole"])
                self.assertEqual(list((self.dir / "there").iterdir()), [])
        self.assertGreater(page, 1000 + max(sizes.values()))
        result = pact(*arguments, self.dir / "there", limit_file_size=page - 1000)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("the network is whole", result.stderr)
        self.assertEqual({path.name for path in (self.dir / "there").iterdir()}, set(sizes))

    def test_bad_input_is_told_in_words(self):
        out = self.dir / "out"
        data = ["--data", "shapes:train=64,test=40"]
        float_run = [FLOAT_RUN, *data]
        self.refuse("calibrate", *float_run, "--images", 0, "-o", out, says=["at least one image"], code=2)
        self.refuse("calibrate", *float_run, "--weights", 9, "-o", out, says=["2 to 8 bits"], code=2)
        self.refuse("calibrate", *float_run, "--activations", 0, "-o", out, says=["1 to 8 bits"], code=2)
        self.refuse("calibrate", *float_run, "--range", "msx", "-o", out, says=["did you mean 'mse'"])
        self.refuse("calibrate", *float_run, "--shortcuts", "code", "-o", out, says=["did you mean 'codes'"])
        self.refuse("calibrate", *float_run, "--percentile", 99, "-o", out, says=["--range percentile"], code=2)
        self.refuse("calibrate", ROOT / "models" / "resnet20-cifar10-w4a4", *data, "-o", out, says=["quantized already"])
        self.refuse("calibrate", "resnet20", *data, "-o", out, says=["--parameters"], code=2)
        self.refuse("calibrate", self.dir / "none.onnx", *data, "-o", out, says=["none.onnx"])
        self.refuse("calibrate", *float_run, "-o", ROOT, says=["not empty"])
        self.assertFalse(out.exists())

    def test_images_of_another_shape(self):
        """A copy of the float network that takes images of 28 x 28."""
        run = self.dir / "small"
        run.mkdir()
        text = (FLOAT_RUN / "graph.txt").read_text()
        for old, new in ((32, 28), (16, 14), (8, 7)):
            text = text.replace(f",{old},{old}]", f",{new},{new}]")
        (run / "graph.txt").write_text(text)
        for name in ("last.safetensors", "run.json"):
            (run / name).write_bytes((FLOAT_RUN / name).read_bytes())
        self.refuse("calibrate", run, "--data", "shapes:train=64,test=40", "-o", self.dir / "out",
                    says=["[N,3,28,28]", "[N,3,32,32]"])


if __name__ == "__main__":
    PACT = Path(sys.argv.pop(1)).resolve()
    unittest.main()
