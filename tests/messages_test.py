"""What the program says where something is wrong: all of it, at once, before the work; and what it does not destroy.

Usage: messages_test.py PACT_BINARY [unittest arguments].
"""

import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import cli_test
from cli_test import DATA, QUICK, Case


class Messages(Case):
    """The runs are trained once; each test has copies, to damage them."""

    @classmethod
    def setUpClass(cls):
        cls._trained = tempfile.TemporaryDirectory(prefix="pact-messages-")
        for name, options in (("float", []), ("w4a4", ["--weights", 4, "--activations", 4])):
            result = cli_test.pact("train", "resnet8", *QUICK, "--epochs", 1, "--out", Path(cls._trained.name) / name, *options)
            assert result.returncode == 0, result.stderr

    @classmethod
    def tearDownClass(cls):
        cls._trained.cleanup()

    def copy_of(self, name):
        return Path(shutil.copytree(Path(self._trained.name) / name, self.dir / "r"))

    def test_all_wrong_settings_are_told_at_once(self):
        self.refuse("train", "resnet8", "--data", DATA, "--out", self.dir / "x", "--epochs", "x", "--weights", 9, "--rate", "y",
                    "--override", "a=8", "--init", self.dir / "no", says=["epochs must be", "weights must be", "rate must be", "'a=8'"])

    def test_what_is_wrong_with_the_network_is_told_before_data_are_read(self):
        run = self.copy_of("float")
        base = ["train", "resnet8", "--data", "cifar10:/nowhere", "--out", self.dir / "x"]
        self.refuse(*base, says=["there is no folder '/nowhere'"])
        for options, says in ((["--weights", 4, "--override", "layer9.*=w8"], ["layer9.*"]),
                              (["--weights", 1, "--weight-quantizer", "symmetric"], ["symmetric"]),
                              (["--weights", 4, "--weight-quantizer", "binary"], ["'binary' has 1 bit, not 4"]),
                              (["--init", self.dir / "absent"], ["absent"]),
                              (["--teacher", self.dir / "absent"], ["absent"]),
                              (["--mean", "0.5"], ["--mean"]),
                              (["--out", "/dev/null/x"], ["/dev/null/x"])):
            self.assertNotIn("nowhere", self.refuse(*base, *options, says=says, code=2 if "--mean" in options else 1).stderr)
        other = ["train", "resnet8", "--data", "mnist:/nowhere", "--out", self.dir / "x"]
        for option in ("--init", "--teacher"):
            self.assertNotIn("/nowhere'", self.refuse(*other, option, run, says=[option]).stderr)
        self.assertFalse((self.dir / "x").exists())

    def test_a_quantizer_without_bits_is_told(self):
        run = self.dir / "x"
        result = self.succeed("train", "resnet8", *QUICK, "--epochs", 1, "--weight-quantizer", "lsq", "--out", run)
        self.assertIn("weights stay float, so that weight_quantizer lsq does nothing", result.stderr)

    def test_outputs_do_not_replace_other_files(self):
        run = self.copy_of("w4a4")
        data = self.dir / "data.bin"
        data.write_bytes(bytes(100))
        (self.dir / "model.onnx").write_bytes(self.onnx_of(run))
        before = {p: p.read_bytes() for p in self.dir.rglob("*") if p.is_file()}
        for name in ("last.safetensors", "best.safetensors", "run.json", "metrics.jsonl", "graph.txt"):
            self.refuse("report", run, "-o", run / name, says=[name, f"a file of the run {run}", "an HTML page"])
            self.refuse("eval", run, "--predictions", run / name, says=[name, "a list of predictions"])
            self.refuse("accelerate", run, "--sweep", "-o", run / name, says=[name, "a table"])
            self.refuse("accelerate", run, "--report", run / name, says=[name, "an HTML page"])
        self.refuse("report", run, "-o", data, says=["data.bin: exists and is not an HTML page"])
        self.refuse("export", self.dir / "model.onnx", "-o", self.dir / "model.onnx", says=["model.onnx: is what is read"])
        self.refuse("calibrate", self.dir / "model.onnx", "--data", DATA, "-o", self.dir / "model.onnx", says=["is what is read"])
        self.refuse("report", run, "-o", self.dir, says=["is a folder"])
        self.refuse("report", run, "-o", self.dir / "no" / "x.html", says=["there is no folder"])
        self.assertEqual({p: p.read_bytes() for p in self.dir.rglob("*") if p.is_file()}, before)
        for _ in range(2):  # what is of the kind may be replaced
            self.succeed("report", run, "-o", self.dir / "page.html")
            self.succeed("eval", run, "--images", 20, "--predictions", self.dir / "predictions.txt")

    def onnx_of(self, run):
        self.succeed("export", run, "-o", self.dir / "exported.onnx")
        return (self.dir / "exported.onnx").read_bytes()

    def test_damaged_notes_of_a_run_are_told(self):
        run = self.copy_of("w4a4")
        (run / "run.json").write_text('{"network": "resn')
        (run / "report.json").unlink()
        result = self.succeed("report", run, "-o", self.dir / "page.html")
        self.assertIn("r: run.json is cut off in the middle", result.stderr)
        self.assertIn("r: There is no report.json", result.stderr)
        self.assertRegex(result.stdout, r"\? / \?")
        self.assertNotIn("float", result.stdout)
        self.assertNotIn("weights", json.loads(self.succeed("report", run, "--json").stdout)["runs"][0])

    def test_models_that_are_other_files_of_a_run(self):
        run = self.copy_of("float")
        self.refuse("eval", run / "graph.txt", says=["graph.txt: has no parameters; give the run directory", str(run)])
        for name in ("run.json", "metrics.jsonl", "last.safetensors"):
            self.refuse("inspect", run / name, says=[name, "give the run directory", str(run)])
        stored = json.loads((run / "run.json").read_text())
        stored["dataset"] = "cifar10:elsewhere/cifar10"
        (run / "run.json").write_text(json.dumps(stored))
        for command in (["eval", run], ["calibrate", run, "-o", self.dir / "x"]):
            self.refuse(*command, says=["elsewhere/cifar10", str(run), "with --data"])

    def test_a_float_run_on_integers_is_explained(self):
        run = self.copy_of("float")
        result = self.succeed("eval", run, "--engine", "int", "--images", 20)
        self.assertRegex(result.stderr, r"(\d+) of \1 layers are not quantized.*--engine float")

    def test_words_of_the_command_line(self):
        for command, says in (
                (["evl", "x"], ["unknown command 'evl' (did you mean 'eval'?)"]),
                (["data", "shw"], ["unknown command 'shw' (did you mean 'show'?)", "pact data --help"]),
                ([], ["say what to do", "train, sweep"]),
                (["eval"], ["model is missing: run directory"]),
                (["eval", "x", "--engin", "int"], ["no option '--engin' (did you mean '--engine'?)", "pact eval --help"]),
                (["eval", "x", "y"], ["'y' is one argument more"]),
                (["eval", "x", "--engine"], ["--engine: takes a value"]),
                (["eval", "x", "--images", "1.5"], ["--images: expected a whole number, 0 or more, not '1.5'"]),
                (["bench", "x", "--batch", "0"], ["--batch: expected a whole number, 1 to 4096, not '0'"]),
                (["calibrate", "x", "--images", "n", "-o", "y"], ["--images: expected a whole number, not 'n'"]),
                (["eval", "x", "--mean", "a,0"], ["--mean: expected a number, not"]),
                (["export", "x"], ["--output is missing: the file to write"]),
                (["export", "x", "-o", "x.pact", "--format", "pact"], ["there are: qcdq, qonnx", "ends in .pact"]),
                (["export", "x", "-o", "x.onnx", "--int2"], ["--int2 requires --packed"])):
            result = self.refuse(*command, says=says, code=2)
            self.assertTrue(result.stderr.startswith("pact: "), result.stderr)

    def test_names_of_files_without_their_ending(self):
        folder = self.dir / "here"
        (folder / "configs" / "sweeps").mkdir(parents=True)
        (folder / "mine.json").write_text('{"epochs": 1}')
        (folder / "configs" / "sweeps" / "table.json").write_text('{"runs": []}')
        train = ["train", "resnet8", "--data", DATA, "--out", folder / "x", "--recipe"]
        self.refuse(*train, "mine", says=["unknown recipe 'mine'", "There is ./mine.json"], cwd=folder)
        self.refuse("sweep", "configs/table.json", "--out", folder / "x", says=["no such file", "configs/sweeps/table.json"],
                    cwd=folder)
        self.refuse("accelerate", "resnet20", "--bits", 4, "--accelerator", "mine", says=["There is ./mine.json"], cwd=folder)
        self.refuse("sweep", "mine", "--out", folder / "x", says=["There is ./mine.json"], cwd=folder)
        self.refuse("sweep", "table", "--out", folder / "x", says=["table.json", "names no run"], cwd=folder)


if __name__ == "__main__":
    cli_test.PACT = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
