"""Networks of the zoo by name, with numbers that were made elsewhere, and with codes on their shortcuts.

Usage: networks_cli_test.py PACT_BINARY [unittest arguments].
"""

import json
import shutil
import sys
import unittest
from pathlib import Path

import cli_test
from cli_test import DATA, QUICK, Case


class Networks(Case):
    def test_the_list(self):
        by_name = {row["name"]: row for row in json.loads(self.succeed("zoo", "--json").stdout)["networks"]}
        self.assertEqual(by_name["mobilenetv2"]["macs"], 300774272)
        paper = {"resnet20", "svhnnet", "alexnet-bn", "preresnet18", "preresnet50"}
        self.assertLessEqual(paper | {"vgg-small", "lenet5"}, set(by_name))

    def test_numbers_from_elsewhere(self):
        run, plain = self.train("r"), self.dir / "plain.safetensors"
        shutil.copy(run / "last.safetensors", plain)
        own = json.loads(self.succeed("eval", run, "--json").stdout)["top1"]
        # Means of 128 and a deviation of 64, on the scale 0 to 1.
        given = self.succeed("eval", "resnet8", "--init", plain, "--data", DATA, "--mean", 128 / 255, "--std", 64 / 255,
                             "--json")
        self.assertLess(abs(own - json.loads(given.stdout)["top1"]), 1.0)
        self.succeed("train", "resnet8", *QUICK, "--epochs", 1, "--init", plain, "--weights", 4, "--activations", 4,
                     "--alpha-start", "data", "--out", self.dir / "w4a4")
        other = ["--init", plain, "--out", self.dir / "other"]
        self.refuse("train", "resnet20", *QUICK, *other, says=["plain.safetensors", "it lacks", "layer3.2.conv2.weight"])
        self.refuse("train", "resnet8", *QUICK, *other, "--mean", 0.4, "--std", 0.25,
                    says=["mean=[102.0,102.0,102.0]", "mean=[128.0,128.0,128.0]"])
        self.refuse("train", "resnet8", *QUICK, "--mean", 0.5, "--std", 0.25, "--out", self.dir / "other", code=2, says=["--init"])
        self.refuse("eval", run, "--init", plain, code=2, says=["zoo"])
        quantized = self.dir / "quantized.safetensors"
        shutil.copy(self.dir / "w4a4" / "last.safetensors", quantized)
        self.refuse("eval", "resnet8", "--init", quantized, "--data", DATA, says=["quantized.safetensors", "alpha"])

    def test_a_network_of_another_program_teaches(self):
        # The same network as a run and by way of ONNX: its batch norm is folded on the way, which rounds.
        teacher = self.train("teacher", "--epochs", 1)
        self.succeed("export", teacher, "-o", self.dir / "teacher.onnx")
        self.succeed("export", self.dir / "teacher.onnx", "-o", self.dir / "teacher.pact")
        losses = []
        for name, given in (("by-run", teacher), ("by-file", self.dir / "teacher.pact"), ("alone", "")):
            run = self.train(name, "--epochs", 1, "--precision", "fp32", "--teacher", given)
            losses.append(json.loads((run / "metrics.jsonl").read_text().splitlines()[0])["train_loss"])
        self.assertAlmostEqual(losses[0], losses[1], places=3)
        self.assertNotAlmostEqual(losses[0], losses[2], places=1)
        integers = self.train("w4a4", "--weights", 4, "--activations", 4)
        self.succeed("export", integers, "-o", self.dir / "integers.pact")
        self.refuse("train", "resnet8", "--data", DATA, "--out", self.dir / "no", "--teacher",
                    self.dir / "integers.pact", says=["integers.pact cannot teach", "integer network"])

    def test_a_float_onnx_file_is_tuned(self):
        run, model, own = self.train("float"), self.dir / "float.onnx", self.dir / "own"
        self.succeed("export", run, "-o", model)
        bits = ["--weights", 4, "--activations", 4]
        result = self.succeed("train", model, *QUICK, *bits, "--out", own)
        self.assertIn("tuned by the recipe quantized-short, itself the teacher", result.stdout + result.stderr)
        settings = json.loads((own / "run.json").read_text())["settings"]
        self.assertEqual((settings["weight_quantizer"], settings["teacher"]), ("sawb", "itself"))
        self.succeed("eval", own, "--engine", "int", "--images", 20)
        top1 = [json.loads(self.succeed("eval", teacher, "--data", DATA, "--json").stdout)["top1"]
                for teacher in (run, own / "teacher.pact")]
        self.assertLess(abs(top1[0] - top1[1]), 1.0)
        # Without the file that it came from, and in another place.
        model.rename(self.dir / "elsewhere.onnx")
        moved = own.rename(self.dir / "moved")
        self.succeed("train", "--resume", "--out", moved)
        kept = (moved / "teacher.pact").rename(self.dir / "kept.pact")
        self.refuse("train", "--resume", "--out", moved, says=["teacher.pact: is missing", "pact export"])
        kept.rename(moved / "teacher.pact")
        # A start that ended before the run began is no hindrance.
        again = self.dir / "again"
        again.mkdir()
        shutil.copy(moved / "teacher.pact", again)
        self.succeed("train", self.dir / "elsewhere.onnx", "--data", DATA, *bits, "--epochs", 3, "--batch", 64, "--out", again)
        settings = json.loads((again / "run.json").read_text())["settings"]
        self.assertEqual((settings["rate"], settings["warmup"]), (0.015, 0.5))  # 3 of 12 epochs

    def test_a_model_keeps_the_names_of_its_classes(self):
        run, calibrated = self.train("named"), self.dir / "calibrated.pact"
        self.succeed("export", run, "-o", self.dir / "named.onnx")
        self.succeed("calibrate", self.dir / "named.onnx", "--data", "shapes:train=64,test=64", "--images", 16,
                     "-o", calibrated)
        names = json.loads((run / "run.json").read_text())["classes"]
        model = self.dir / "named.onnx"
        model.write_bytes(model.read_bytes().replace(names[0].encode(), b"\x1b" * len(names[0])))
        self.succeed("calibrate", model, "--data", "shapes:train=64,test=64", "--images", 16, "-o", calibrated)
        told = self.succeed("eval", calibrated, "--data", DATA, "--images", 20)
        self.assertIn("?" * len(names[0]), told.stdout + told.stderr)

    def test_a_chosen_recipe_or_teacher_stays(self):
        run, model = self.train("float"), self.dir / "float.onnx"
        self.succeed("export", run, "-o", model)
        bits = ["--weights", 4, "--activations", 4]
        for name, given, teacher in (("taught", ["--teacher", run], str(run)),
                                     ("recipe", ["--recipe", "quickstart-quantized"], ""),
                                     ("plain", ["--recipe", "none"], "")):
            self.succeed("train", model, *QUICK, *bits, "--out", self.dir / name, *given)
            settings = json.loads((self.dir / name / "run.json").read_text())["settings"]
            self.assertEqual(settings["teacher"], teacher)
        self.refuse("train", "--resume", "--out", self.dir / "plain", "--teacher", "itself", says=["teacher", "itself"])
        self.refuse("train", "resnet8", *QUICK, *bits, "--teacher", "itself", "--out", self.dir / "no",
                    says=["itself", "ONNX"], code=2)

    def test_shortcuts_of_codes(self):
        real = self.train("real", "--weights", 4, "--activations", 4)
        codes = self.train("codes", "--weights", 4, "--activations", 4, "--shortcuts", "codes", "--init", real)
        for run, name, operand in ((real, "real", "stem.relu"), (codes, "codes", "layer1.0.conv1.input_quant")):
            self.assertEqual(json.loads((run / "run.json").read_text())["settings"]["shortcuts"], name)
            self.assertIn(f"add(layer1.0.bn2, {operand})", (run / "graph.txt").read_text())
        trained, integer = (json.loads(self.succeed("eval", codes, *engine, "--json").stdout)["top1"]
                            for engine in ([], ["--engine", "int"]))
        self.assertLess(abs(trained - integer), 1.5)
        self.refuse("train", "--resume", "--out", codes, "--shortcuts", "real", says=["shortcuts is 'real' here"])
        self.refuse("train", "resnet8", *QUICK, "--out", self.dir / "x", "--shortcuts", "code",
                    says=["shortcuts", "did you mean 'codes'"])


if __name__ == "__main__":
    cli_test.PACT = str(Path(sys.argv[1]).resolve())
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
