"""What the program says where something is wrong: all of it, at once, before the work; and what it does not destroy.

Usage: messages_test.py PACT_BINARY [unittest arguments].
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
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

    def original(self, name):
        return Path(self._trained.name) / name

    def copy_of(self, name):
        return Path(shutil.copytree(self.original(name), self.dir / "r"))

    def test_all_wrong_settings_are_told_at_once(self):
        self.refuse("train", "resnet8", "--data", DATA, "--out", self.dir / "x", "--epochs", "x", "--weights", 9, "--rate", "y",
                    "--override", "a=8", "--init", self.dir / "no", says=["epochs must be", "weights must be", "rate must be", "'a=8'"])

    def test_nothing_is_concluded_from_a_wrong_setting(self):
        base = ["train", "resnet8", "--data", DATA, "--out", self.dir / "x", "--recipe", "float-short"]
        for epochs in ("x", 0):
            told = self.refuse(*base, "--epochs", epochs, "--rate", "-1", says=["epochs must be", "rate must be"]).stderr
            self.assertNotIn("warmup", told)
        self.refuse(*base, "--milestones", "5,3", "--seed", "-1", says=["milestones must ascend", "5,3", "seed must be 0 or more"])
        recipe = self.dir / "r.json"
        recipe.write_text('{"epochs": "x", "rate": "y", "batch": 0}')
        self.refuse("train", "resnet8", "--data", DATA, "--out", self.dir / "x", "--recipe", recipe,
                    says=["r.json: epochs must be", "r.json: rate must be"])
        recipe.write_text('{"rate": 0.1, "epochs": 2, "rate": 0.2}')
        self.refuse("train", "resnet8", "--data", DATA, "--out", self.dir / "x", "--recipe", recipe, says=["r.json: has 'rate' twice"])
        self.assertFalse((self.dir / "x").exists())

    def test_a_run_is_resumed_with_a_whole_graph(self):
        run = self.copy_of("w4a4")
        graph, before = (run / "graph.txt").read_text(), (run / "last.safetensors").read_bytes()
        for text, word in (("", "damaged"), (graph[: len(graph) // 2], "damaged"), (None, "missing")):
            (run / "graph.txt").unlink() if text is None else (run / "graph.txt").write_text(text)
            self.refuse("eval", run, says=["graph.txt"])
            told = self.succeed("train", "--resume", "--out", run).stderr
            self.assertIn(f"graph.txt: is {word}; it will be written again", told)
            self.assertEqual((run / "graph.txt").read_text(), graph)
            self.assertEqual((run / "last.safetensors").read_bytes(), before)
            self.succeed("eval", run, "--images", 20)
        self.assertNotIn("graph.txt", self.succeed("train", "--resume", "--out", run).stderr)
        (run / "graph.txt").write_bytes((self.original("float") / "graph.txt").read_bytes())
        self.refuse("train", "--resume", "--out", run, says=["graph.txt: is not the network resnet8", "remove the file"])

    def test_a_network_from_elsewhere_is_in_its_run_alone(self):
        model = self.dir / "net.onnx"
        model.write_bytes(self.onnx_of(self.copy_of("float")))
        run = self.dir / "onnx"
        self.succeed("train", model, *QUICK, "--epochs", 1, "--out", run)
        graph = (run / "graph.txt").read_text()
        for text in ("", graph[: len(graph) // 2]):
            (run / "graph.txt").write_text(text)
            self.refuse("train", "--resume", "--out", run, says=["graph.txt", "came from an ONNX file", "put back a copy"])
            self.assertEqual((run / "graph.txt").read_text(), text)

    def test_a_damaged_description_of_a_run(self):
        run = self.copy_of("float")
        whole = json.loads((run / "run.json").read_text())
        for key, value, says in (("threads", "x", "'threads' is no whole number"), ("status", 5, "'status' is no text"),
                                 ("settings", [], "no settings")):
            (run / "run.json").write_text(json.dumps({**whole, key: value}))
            self.refuse("train", "--resume", "--out", run, says=["run.json: is damaged", says, "be an --init"])
        for key in ("weights", "activations"):
            (run / "run.json").write_text(json.dumps({**whole, "settings": {**whole["settings"], key: "4"}}))
            self.succeed("report", run, "-o", self.dir / "page.html")
        (run / "run.json").write_text('{\n"network": x\n}')
        told = self.refuse("report", run, "-o", self.dir / "new.html", says=["run.json: line 2 is not valid JSON", "move the file away"]).stderr
        self.assertNotIn("parse", told)

    def test_standard_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            for command, says in ((["train", "resnet8", *QUICK, "--epochs", "1", "--out", self.dir / "x"],
                                   ["No space left", f"The run itself is finished, in {self.dir}/x"]),
                                  (["inspect", "resnet50", "--graph"], ["standard output cannot be written"]),
                                  (["zoo"], ["standard output cannot be written"])):
                result = subprocess.run([cli_test.PACT, *map(str, command)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=240)
                self.assertEqual(result.returncode, 1, result.stderr)
                for text in says:
                    self.assertIn(text, result.stderr)
        self.assertEqual(json.loads((self.dir / "x" / "run.json").read_text())["status"], "finished")

    def test_names_that_lead_astray(self):
        run = self.copy_of("w4a4")
        model = self.dir / "model"
        model.write_bytes(self.onnx_of(run))
        self.refuse("inspect", model, says=["model: is not a graph's text", "must end in .onnx"])
        self.refuse("eval", model, "--data", DATA, says=["model: is no network", "whose name ends in .onnx"])
        (self.dir / "empty.onnx").mkdir()
        for command in (["inspect"], ["eval", "--data", DATA], ["export", "-o", self.dir / "y.onnx"]):
            self.refuse(command[0], self.dir / "empty.onnx", *command[1:], says=["empty.onnx: is not a run directory", "a folder is no ONNX"])
        run.rename(self.dir / "run.onnx")
        for command in ("inspect", "eval"):
            self.succeed(command, self.dir / "run.onnx")
        for name in ("x.jpg", "x.JPEG"):
            self.refuse("data", "show", DATA, "-o", self.dir / name, says=[f"{name}: a sheet is written as PNG; call it", "x.png"])
        self.succeed("data", "show", DATA, "-o", self.dir / "x.PNG")

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

    def test_damaged_curves_are_told_from_missing_epochs(self):
        run = self.copy_of("float")
        (run / "metrics.jsonl").write_text('{"epoch": 1, "tr')
        told = self.succeed("report", run, "-o", self.dir / "page.html").stderr
        self.assertIn("metrics.jsonl is damaged: line 1", told)
        self.assertNotIn("No epoch", told)
        (run / "metrics.jsonl").write_text('x\n{"epoch": 1, "tr')
        self.assertIn("metrics.jsonl: line 1 is damaged and is left out", self.succeed("train", "--resume", "--out", run).stderr)

    def test_a_run_that_is_named_twice_is_shown_once(self):
        run = self.copy_of("float")
        result = self.succeed("report", run, f"{run}/", "-o", self.dir / "page.html", "--json")
        self.assertEqual(len(json.loads(result.stdout)["runs"]), 1)
        self.assertIn("is named more than once and shown once", result.stderr)

    def test_networks_that_train_cannot_take(self):
        model = self.dir / "a model.onnx"
        model.write_bytes(self.onnx_of(self.copy_of("float")))
        packed = self.dir / "net.pact"
        base = ["train", "resnet8", "--data", DATA, "--out", self.dir / "x"]
        self.refuse(*base, "--init", model, says=[f"pact train '{model}' ...", "starts from its numbers"])
        self.refuse(*base, "--teacher", model, says=[f"pact export '{model}'", "-o", "a model.pact"])
        self.refuse(*base, "--init", self.packed_integers(), says=["integers of a lowered network", "exported from"])
        self.succeed("export", model, "-o", packed)
        self.refuse("train", packed, *base[2:], says=["is a .pact file", f"--teacher {packed}"])
        self.succeed(*base, *QUICK[2:], "--epochs", 1, "--teacher", packed)

    def packed_integers(self):
        packed = self.dir / "integers.pact"
        self.succeed("export", "models/resnet20-cifar10-w4a4", "-o", packed)
        return packed

    def test_a_network_from_a_file_is_called_by_its_stem(self):
        model = self.dir / "mynet.onnx"
        model.write_bytes(self.onnx_of(self.copy_of("float")))
        run = self.dir / "onnx"
        result = self.succeed("train", model, *QUICK, "--epochs", 1, "--out", run)
        self.assertTrue(result.stdout.startswith("mynet: test top-1"), result.stdout)
        self.assertIn("after 1 epoch;", result.stdout)
        self.assertRegex(result.stderr, r"(?m)^mynet: \d+ parameters")
        self.assertEqual(json.loads(self.succeed("report", run, "--json").stdout)["runs"][0]["network"], "mynet")
        again = self.succeed("train", "--resume", "--out", run)
        self.assertNotIn("resuming at", again.stderr)

    def test_what_training_refuses_before_it_makes_anything(self):
        base = ["train", "resnet8", "--out", self.dir / "x"]
        self.refuse(*base, "--data", DATA, "--batch", 513, says=["a batch of 513 images", "512 training images"])
        self.refuse(*base, "--data", DATA, "--recipe", "float-short", "--epochs", 3,
                    says=["warmup must be 0 to the number of epochs, 3, not 11", "recipe float-short", "--warmup"])
        with unittest.mock.patch.dict(os.environ, CUDA_VISIBLE_DEVICES=""):  # as on a machine without a GPU
            refused = self.refuse(*base, "--data", DATA, "--device", "cuda", says=["--device cuda"])
        if "no GPU is found" not in refused.stderr:
            self.refuse("eval", self.copy_of("float"), "--device", "cuda", says=["without CUDA"])
        self.assertFalse((self.dir / "x").exists())

    def test_pipes_and_texts_are_no_networks(self):
        pipe = self.dir / "pipe"
        os.mkfifo(pipe)
        self.refuse("inspect", pipe, says=["pipe: is not a regular file"], timeout=20)
        marked = self.dir / "marked.json"
        marked.write_bytes(b"\xef\xbb\xbf{}")  # as some editors write it
        self.refuse("sweep", marked, "--out", self.dir / "x", says=["names no run"])
        self.refuse("sweep", "README.md", "--out", self.dir / "x", says=["README.md: is no sweep file, which is a JSON object"])

    def test_a_float_run_on_integers_is_explained(self):
        run = self.copy_of("float")
        self.assertRegex(self.succeed("bench", run, "--rounds", 1).stderr, r"(\d+) of \1 layers are not quantized")
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
                (["eval", "x", "--mean", "a,0"], ["--mean: expected a number up to 1, not 'a'"]),
                (["eval", "x", "--mean", "0.5,125"], ["--mean: expected a number up to 1, not '125'", "divide by 255: 0.4902"]),
                (["train", "x", "--std", "58.4"], ["--std:", "divide by 255: 0.229"]),
                (["eval", "x", "--std", "0.2,0"], ["--std: expected a number above 0 and up to 1, not '0'"]),
                (["eval", "x", "--std", "1e-30"], ["--std: expected a number above 0 and up to 1, not '1e-30': a deviation is at least 0.001"]),
                (["calibrate", "x", "-o", "y", "--std", "nan"], ["--std: expected a number above 0 and up to 1, not 'nan'"]),
                (["train", "resnet8", "--data", DATA, "--out", ""], ["--out is empty"]),
                (["export", "x"], ["--output is missing: the file to write"]),
                (["export", "x", "-o", "x.pact", "--format", "pact"], ["there are: qcdq, qonnx", "ends in .pact"]),
                (["export", "x", "-o", "x.onnx", "--int2"], ["--int2 requires --packed"]),
                (["bench", "x", "--random-weights", "-1"], ["--random-weights: expected a whole number, 0 or more, not '-1'"])):
            result = self.refuse(*command, says=says, code=2)
            self.assertTrue(result.stderr.startswith("pact: "), result.stderr)

    def test_classes_with_other_names(self):
        run, packed, model = self.copy_of("w4a4"), self.dir / "m.pact", self.dir / "m.onnx"
        stored = json.loads((run / "run.json").read_text())
        names = stored["classes"]
        self.assertEqual(len(names), 10)

        def rename(classes):
            (run / "run.json").write_text(json.dumps({**stored, "classes": classes}))

        rename([names[1], names[0], *names[2:]])
        for path in (packed, model):
            self.succeed("export", run, "-o", path)
        for path in (run, packed, model):  # the names have come along
            told = self.succeed("eval", path, "--data", DATA, "--images", 20).stderr
            self.assertIn(f"{path}: 2 of its 10 classes are called otherwise in {DATA}: class 0 is '{names[1]}' in the model "
                          f"and '{names[0]}' in the data", told)
        self.succeed("export", self.original("w4a4"), "-o", model)
        self.assertNotIn("otherwise", self.succeed("eval", model, "--data", DATA, "--images", 20).stderr)
        rename(["a"])
        self.assertIn("has names of 1 class and not as many scores", self.succeed("export", run, "-o", model).stderr)
        rename("a")
        self.refuse("train", "--resume", "--out", run, says=["'classes' is no list of names"])

    def test_another_number_of_classes(self):
        run = self.copy_of("float")
        for name in ("train/a", "train/b", "test/a", "test/b"):
            (self.dir / "two" / name).mkdir(parents=True)
            (self.dir / "two" / name / "x.ppm").write_bytes(b"P6 32 32 255\n" + bytes(32 * 32 * 3))
        self.refuse("eval", run, "--data", f"folder:{self.dir}/two,size=32",
                    says=["yields [N,10]", "has 2 classes", "give data of the classes that it tells apart"])

    def test_files_of_two_runs(self):
        run = self.copy_of("w4a4")
        two = self.dir / "w2a2"
        self.succeed("train", "resnet8", *QUICK, "--epochs", 1, "--out", two, "--weights", 2, "--activations", 2)
        self.assertEqual(self.succeed("eval", two, "--images", 20).stderr, "")
        for name, best in (("last", []), ("best", ["--best"])):
            before = (run / f"{name}.safetensors").read_bytes()
            (run / f"{name}.safetensors").write_bytes((two / f"{name}.safetensors").read_bytes())
            self.refuse("eval", run, *best, says=[f"{name}.safetensors was written with another graph than that of {run}/graph.txt",
                                                  "bits=2", "bits=4", "The files of two runs are mixed"])
            (run / f"{name}.safetensors").write_bytes(before)
        mixed = Path(shutil.copytree(self.original("w4a4"), self.dir / "mixed"))
        for file in two.glob("last.*"):
            (mixed / file.name).write_bytes(file.read_bytes())
        self.refuse("train", "--resume", "--out", mixed, says=["last.safetensors was written with another graph", "are mixed"])
        (run / "run.json").write_bytes((two / "run.json").read_bytes())
        told = self.succeed("eval", run, "--images", 20).stderr
        for what in ("weights", "activations"):
            self.assertIn(f"{run}: run.json tells of {what} of 2 bits, which no layer in graph.txt has", told)

    def test_export_says_what_it_writes(self):
        model = self.dir / "m.onnx"
        self.assertIn(": resnet8 as float ONNX, ", self.succeed("export", self.copy_of("float"), "-o", model).stdout)
        four = self.original("w4a4")
        result = self.succeed("export", four, "-o", model, "--packed", "--int2")
        self.assertIn(" as qcdq, ", result.stdout)
        self.assertIn("w4a4: no weights have 2 bits or fewer, so that --int2 does nothing", result.stderr)
        both = model.read_bytes()
        self.assertEqual(self.succeed("export", four, "-o", model, "--packed").stderr, "")
        self.assertEqual(model.read_bytes(), both)
        self.assertIn("no weights have 4 bits or fewer, so that --packed does nothing",
                      self.succeed("export", self.dir / "r", "-o", model, "--packed").stderr)
        self.assertEqual(json.loads(self.succeed("export", four, "-o", self.dir / "m.pact", "--json").stdout)["format"], "pact")

    def test_layers_of_a_model_without_its_numbers(self):
        def field(number, value):  # of a protobuf message
            if isinstance(value, int):
                return bytes([number << 3, value])
            value = value.encode() if isinstance(value, str) else value
            return bytes([number << 3 | 2, len(value)]) + value

        shape = field(2, field(1, field(1, 1) + field(2, field(1, field(1, 1)) + field(1, field(1, 4)))))
        weight = field(1, 4) + field(1, 2) + field(2, 1) + field(8, "w") + field(13, field(1, "location") + field(2, "m.data")) + field(14, 1)
        node = field(1, "x") + field(1, "w") + field(2, "y") + field(4, "MatMul")
        graph = field(1, node) + field(5, weight) + field(11, field(1, "x") + shape) + field(12, field(1, "y"))
        model = self.dir / "m.onnx"
        model.write_bytes(field(1, 8) + field(8, field(2, 13)) + field(7, graph))
        note = "m.onnx: 1 of its tensors is not to be had, 'w': its numbers lie in the file 'm.data' beside the model, which is missing"
        self.assertIn(note, self.succeed("inspect", model).stdout)
        self.assertIn(note, json.loads(self.succeed("inspect", model, "--json").stdout)["notes"][0])
        self.refuse("bench", model, says=["m.data", "which is missing"])
        (self.dir / "m.data").write_bytes(bytes(4 * 4 * 2))
        self.assertNotIn("m.data", self.succeed("inspect", model).stdout)

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
