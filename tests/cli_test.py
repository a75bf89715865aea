"""The program as a user meets it: training runs end to end, interruptions, and bad input.

Usage: cli_test.py PACT_BINARY [unittest arguments]. Everything runs on the built-in data set `shapes`, small.
"""

import json
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PACT = None
DATA = "shapes:train=512,test=200"
QUICK = ["--data", DATA, "--epochs", "2", "--batch", "64", "--schedule", "one-cycle", "--rate", "0.1", "--warmup", "1"]


def pact(*arguments, limit_file_size=None, timeout=240, cwd=Path(__file__).resolve().parent.parent):
    def before():
        if limit_file_size is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_file_size, limit_file_size))

    return subprocess.run([PACT, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          preexec_fn=before, cwd=cwd)


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pact-cli-")
        self.dir = Path(self._folder.name)

    def tearDown(self):
        self._folder.cleanup()

    def succeed(self, *arguments, **options):
        result = pact(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def refuse(self, *arguments, says, code=1, **options):
        """The command fails with `code`, says every word of `says`, and neither crashes nor speaks of internals."""
        result = pact(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn("internal error", result.stderr)
        for word in says:
            self.assertIn(word, result.stderr)
        return result

    def train(self, name, *arguments):
        run = self.dir / name
        self.succeed("train", "resnet8", *QUICK, "--out", run, *arguments)
        return run


def weights(run):
    return (run / "last.safetensors").read_bytes()


def tensors(path):
    """Name -> bytes of a safetensors file, and its metadata."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    base = 8 + size
    return {k: data[base + v["data_offsets"][0] : base + v["data_offsets"][1]] for k, v in header.items()}, metadata


class Runs(Case):
    def test_float_then_four_then_two_bits(self):
        float_run = self.train("float", "--data", "shapes:train=2000,test=200", "--epochs", 3)
        four = self.train("w4a4", "--weights", 4, "--activations", 4, "--init", float_run, "--alpha-start", "data")
        two = self.train("w2a2", "--weights", 2, "--activations", 2, "--init", four, "--alpha-start", "data",
                         "--teacher", float_run)
        for run in (float_run, four, two):
            for name in ("graph.txt", "run.json", "metrics.jsonl", "report.json", "report.html", "last.safetensors",
                         "best.safetensors"):
                self.assertTrue((run / name).exists(), f"{run}/{name}")
            lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
            epochs = 3 if run == float_run else 2
            self.assertEqual([line["epoch"] for line in lines], list(range(1, epochs + 1)))
            if run == float_run:
                self.assertLess(lines[-1]["train_loss"], lines[0]["train_loss"])
            self.assertGreater(lines[-1]["train_top1"], 12)
        self.assertIn("alpha", json.loads((two / "metrics.jsonl").read_text().splitlines()[-1]))
        table = self.succeed("report", float_run, four, two, "-o", self.dir / "all.html").stdout
        self.assertRegex(table, r"w2a2 +resnet8 +2 / 2 +2 +\d+\.\d+ % +\d")
        self.assertTrue(table.strip().endswith(f"report: {self.dir}/all.html"))

    def test_eval_prints_one_json_object_and_predictions(self):
        run = self.train("r", "--weights", 3, "--activations", 3)
        out = self.dir / "classes.txt"
        result = self.succeed("eval", run, "--json", "--predictions", out)
        report = json.loads(result.stdout)
        self.assertEqual(report["images"], 200)
        self.assertTrue(0 <= report["top1"] <= 100 and report["seconds"] > 0)
        last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
        self.assertAlmostEqual(report["top1"], last["test_top1"], places=9)
        classes = [int(line) for line in out.read_text().splitlines()]
        self.assertEqual(len(classes), 200)
        self.assertLess(max(classes), 10)
        self.succeed("eval", run, "--best")
        self.succeed("eval", run / "best.safetensors", "--data", DATA)

    def test_every_quantizer_and_schedule_trains(self):
        for i, extra in enumerate([
            ["--weight-quantizer", "dorefa", "--activation-quantizer", "dorefa", "--optimizer", "adam", "--rate", "0.001"],
            ["--weight-quantizer", "symmetric", "--schedule", "step", "--milestones", "1", "--nesterov", "yes"],
            ["--schedule", "cosine", "--label-smoothing", "0.1", "--precision", "fp32"],
            ["--override", "layer1.*=w8a8", "--override", "fc=a32", "--crop-pad", "0", "--flip", "no"],
        ]):
            run = self.train(f"r{i}", "--weights", 2, "--activations", 2, *extra)
            table = json.loads(self.succeed("inspect", run, "--json").stdout)
            self.assertEqual(table["status"], "finished")
        bits = {layer["name"]: (layer["weight_bits"], layer["activation_bits"]) for layer in table["layers"]}
        self.assertEqual(bits["stem.conv"], (8, 8))
        self.assertEqual(bits["layer1.0.conv1"], (8, 8))
        self.assertEqual(bits["layer2.0.conv2"], (2, 2))
        self.assertEqual(bits["fc"], (8, 32))

    def test_same_seed_same_bits_other_seed_other_bits(self):
        a, b = self.train("a"), self.train("b")
        self.assertEqual(weights(a), weights(b))
        self.assertNotEqual(weights(a), weights(self.train("c", "--seed", 2)))

    def test_zoo_and_inspect(self):
        zoo = json.loads(self.succeed("zoo", "--json").stdout)["networks"]
        by_name = {row["name"]: row for row in zoo}
        self.assertEqual(by_name["resnet20"]["parameters"], 269722)  # 0.27 M, He et al. 2016, table 6
        self.assertEqual(by_name["resnet56"]["parameters"], 853018)
        text = self.succeed("inspect", "resnet20", "--graph").stdout
        path = self.dir / "g.txt"
        path.write_text(text)
        self.assertEqual(self.succeed("inspect", path, "--graph").stdout, text)


class Interruptions(Case):
    LONG = ["--data", DATA, "--epochs", "4", "--batch", "32", "--weights", "4", "--activations", "4",
            "--checkpoint-steps", "5", "--eval-every", "2"]

    def start(self, run, *arguments):
        return subprocess.Popen([PACT, "train", "resnet8", *self.LONG, "--out", str(run), *arguments],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def undisturbed(self):
        run = self.dir / "undisturbed"
        process = self.start(run)
        self.assertEqual(process.wait(240), 0, process.stderr.read())
        process.stderr.close()
        return run

    def assert_same_run(self, run, reference):
        self.assertEqual(tensors(run / "last.safetensors")[0], tensors(reference / "last.safetensors")[0])
        self.assertEqual(tensors(run / "best.safetensors")[0], tensors(reference / "best.safetensors")[0])
        strip = lambda r: [{k: v for k, v in json.loads(line).items() if k not in ("seconds", "images_per_second")}
                           for line in (r / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual(strip(run), strip(reference))

    def test_killed_at_random_moments_and_resumed_gives_the_same_bits(self):
        seed = random.randrange(1 << 30)
        print(f"kill seed {seed}", file=sys.stderr)
        rng = random.Random(seed)
        began = time.time()
        reference = self.undisturbed()
        duration = time.time() - began
        run = self.dir / "killed"
        process = self.start(run)
        for _ in range(4):
            time.sleep(rng.uniform(0.15, 0.5) * duration)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stderr.close()
            if not (run / "last.safetensors").exists():  # killed before the first checkpoint: start anew
                subprocess.run(["rm", "-rf", str(run)], check=True)
                process = self.start(run)
            else:
                process = subprocess.Popen([PACT, "train", "--resume", "--out", str(run)],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.assertEqual(process.wait(240), 0, process.stderr.read())
        process.stderr.close()
        self.assert_same_run(run, reference)
        self.assertFalse(list(run.glob("*.tmp")), "temporary files are left")

    def test_interrupt_stops_cleanly_and_resumes_to_the_same_bits(self):
        reference = self.undisturbed()
        run = self.dir / "stopped"
        process = self.start(run)
        while not (run / "last.safetensors").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 0, process.stderr.read())
        process.stderr.close()
        self.assertEqual(json.loads((run / "run.json").read_text())["status"], "interrupted")
        self.succeed("train", "--resume", "--out", run)
        self.assert_same_run(run, reference)

    def test_resuming_needs_nothing_but_the_run(self):
        base = self.train("base")
        run = self.dir / "quantized"
        process = self.start(run, "--init", str(base))
        while not (run / "last.safetensors").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        began = json.loads((run / "run.json").read_text())["command"]
        base.rename(self.dir / "moved")
        self.succeed("train", "--resume", "--out", run)
        self.assertEqual(json.loads((run / "run.json").read_text())["command"], began)

    def test_two_processes_cannot_train_into_one_directory(self):
        run = self.dir / "busy"
        process = self.start(run)
        while not (run / "run.json").exists():
            time.sleep(0.05)
        self.refuse("train", "--resume", "--out", run, says=["another process", str(run)])
        process.kill()
        process.wait()
        process.stderr.close()

    def test_resuming_a_finished_run_changes_nothing(self):
        run = self.train("done")
        before = weights(run)
        said = self.succeed("train", "--resume", "--out", run).stderr
        self.assertTrue(said.startswith(f"{run}: is finished, nothing is left to train"), said)
        self.assertEqual(weights(run), before)


class BadInput(Case):
    def test_settings(self):
        base = ["train", "resnet8", "--data", DATA, "--out", self.dir / "x"]
        self.refuse(*base, "--weights", 0, says=["weights", "1 to 8", "not 0"])
        self.refuse(*base, "--weights", 9, says=["weights", "1 to 8", "not 9"])
        self.refuse(*base, "--activations", "x", says=["activations", "whole number", "'x'"])
        self.refuse(*base, "--weight-quantizer", "sawp", says=["did you mean 'sawb'"])
        self.refuse(*base, "--activation-quantizer", "packt", says=["did you mean 'pact'"])
        self.refuse(*base, "--weights", 1, "--weight-quantizer", "symmetric", says=["symmetric", "2 to 8", "not 1"])
        self.refuse(*base, "--weights", 4, "--override", "layer9.*=w8", says=["layer9.*", "no layer", "layer1.0.conv1"])
        self.refuse(*base, "--weights", 4, "--override", "layer1.*=8", says=["PATTERN=w4a8"])
        self.refuse(*base, "--weights", 4, "--override", "layer1.*=w9", says=["layer1.*=w9"])
        self.refuse(*base, "--batch", 1000, says=["512"])
        self.assertFalse((self.dir / "x").exists(), "a refused command leaves nothing behind")

    def test_names(self):
        self.refuse("train", "resnet21", "--data", DATA, "--out", self.dir / "x", says=["did you mean 'resnet20'"])
        self.refuse("train", "resnet8", "--data", "cifar11:/nowhere", "--out", self.dir / "x", says=["cifar11", "cifar10"])
        self.refuse("train", "resnet8", "--data", "shapes:trian=3", "--out", self.dir / "x", says=["trian"])
        self.refuse("train", "resnet8", "--data", DATA, "--recipe", "no-such", "--out", self.dir / "x", says=["no-such"])
        self.refuse("train", "resnet8", "--data", DATA, "--nope", code=2, says=["--nope"])
        self.refuse("train", "--data", DATA, code=2, says=["network"])
        self.refuse("train", "resnet8", code=2, says=["--data"])
        self.refuse("inspect", "no-such-thing", says=["no-such-thing"])
        self.refuse("frobnicate", code=2, says=[])

    def test_recipe_with_an_unknown_key(self):
        recipe = self.dir / "r.json"
        recipe.write_text('{"epochs": 1, "wieghts": 4}')
        self.refuse("train", "resnet8", "--data", DATA, "--recipe", recipe, "--out", self.dir / "x",
                    says=["r.json", "did you mean 'weights'"])

    def test_cifar_files(self):
        folder = self.dir / "cifar"
        self.refuse("train", "resnet8", "--data", f"cifar10:{folder}", "--out", self.dir / "x", says=[str(folder)])
        folder.mkdir()
        record = bytes([3]) + bytes(3072)
        for i in range(1, 6):
            (folder / f"data_batch_{i}.bin").write_bytes(record * 20)
        self.refuse("train", "resnet8", "--data", f"cifar10:{folder}", "--out", self.dir / "x", says=["test_batch.bin"])
        (folder / "test_batch.bin").write_bytes(record * 20)
        (folder / "data_batch_3.bin").write_bytes(record * 20 + b"\0" * 100)
        self.refuse("train", "resnet8", "--data", f"cifar10:{folder}", "--out", self.dir / "x", says=["data_batch_3.bin"])
        (folder / "data_batch_3.bin").write_bytes(record * 10001)
        self.refuse("train", "resnet8", "--data", f"cifar10:{folder}", "--out", self.dir / "x", says=["data_batch_3.bin"])
        (folder / "data_batch_3.bin").write_bytes(bytes([77]) + bytes(3072))
        self.refuse("train", "resnet8", "--data", f"cifar10:{folder}", "--out", self.dir / "x", says=["data_batch_3.bin", "77"])

    def test_output_directory(self):
        run = self.train("r")
        before = {p.name: p.read_bytes() for p in run.iterdir()}
        self.refuse("train", "resnet8", *QUICK, "--out", run, says=["--resume", str(run)])
        self.assertEqual({p.name: p.read_bytes() for p in run.iterdir()}, before)
        (self.dir / "file").write_text("x")
        self.refuse("train", "resnet8", *QUICK, "--out", self.dir / "file", says=["not a folder"])
        self.refuse("train", "resnet8", *QUICK, "--out", self.dir / "file" / "x", says=["file/x"])
        self.refuse("train", "resnet8", *QUICK, "--out", "/proc/pact-run", says=["/proc/pact-run"])

    def test_disk_that_fills_up_keeps_the_last_checkpoint(self):
        run = self.train("r")
        before = weights(run)
        longer = self.dir / "longer"
        self.refuse("train", "resnet8", *QUICK, "--out", longer, limit_file_size=100_000, says=["cannot be written", "nothing was changed"])
        self.assertFalse((longer / "last.safetensors").exists(), "half a checkpoint")
        self.assertFalse(list(longer.glob("*.tmp")))
        self.assertEqual(weights(run), before)

    def test_loss_that_is_not_finite(self):
        run = self.dir / "r"
        self.refuse("train", "resnet8", "--data", DATA, "--epochs", 2, "--batch", 64, "--out", run, "--schedule",
                    "cosine", "--rate", "1e30", says=["loss", "epoch 1, step"])
        self.assertEqual(json.loads((run / "run.json").read_text())["status"], "failed")

    def test_resume_with_other_settings(self):
        run = self.train("r")
        self.refuse("train", "--resume", "--out", run, "--rate", "0.5", says=["rate", "0.5", "0.1", "--init"])
        self.refuse("train", "resnet20", "--resume", "--out", run, says=["resnet20", "resnet8"])
        self.refuse("train", "--resume", "--out", self.dir / "nowhere", says=["nowhere"])
        self.refuse("train", "--resume", code=2, says=["--out"])

    def test_damaged_and_foreign_checkpoints(self):
        run = self.train("r", "--weights", 4, "--activations", 4)
        checkpoint = run / "last.safetensors"
        good = checkpoint.read_bytes()
        for damaged in (b"", b"not a checkpoint", good[:1000], good[:-10], struct.pack("<Q", 1 << 60) + good[8:],
                        good[:8] + b"x" + good[9:]):
            checkpoint.write_bytes(damaged)
            for command in (["eval", run], ["train", "--resume", "--out", run],
                            ["train", "resnet8", *QUICK, "--out", self.dir / "y", "--init", run]):
                self.refuse(*command, says=["last.safetensors"])
        header = b'{"other.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        foreign = struct.pack("<Q", len(header)) + header + bytes(4)
        checkpoint.write_bytes(foreign)
        self.refuse("eval", run, says=["last.safetensors", "other.weight"])
        self.refuse("train", "--resume", "--out", run, says=["last.safetensors"])
        checkpoint.write_bytes(good)
        for optimizer in run.glob("last.optimizer-*"):
            optimizer.unlink()
        self.refuse("train", "--resume", "--out", run, says=["optimizer"])
        (run / "graph.txt").write_text("graph x\nfoo: f32[N,3] = nonsense(bar)\n")
        self.refuse("eval", run, says=["graph.txt"])

    def test_graphs_that_are_no_classifiers(self):
        run = self.train("r")
        (run / "graph.txt").write_text("graph g\nparam w: f32[10,3]\noutput w\n")
        self.refuse("eval", run, says=["graph.txt"])
        self.refuse("inspect", "a" * 300, says=[])
        self.refuse("eval", run / "best.safetensors", "--best", code=2, says=["--best"])

    def test_init_from_another_network(self):
        run = self.train("r")
        bigger = self.dir / "bigger"
        self.succeed("train", "resnet20", *QUICK, "--epochs", 1, "--out", bigger)
        self.refuse("train", "resnet8", *QUICK, "--out", self.dir / "z", "--init", bigger, says=["--init", "lacks"])
        self.refuse("train", "resnet20", *QUICK, "--out", self.dir / "y", "--init", run, says=["--init", "resnet20"])
        self.refuse("eval", self.dir / "nothing", says=["nothing"])


class Integers(Case):
    """A trained network as integers and as ONNX, by the commands."""
    def test_engines_and_files_agree(self):
        run = self.train("q", "--weights", "3", "--activations", "3")
        files, lines = {"qcdq": ["--format", "qcdq"], "packed": ["--packed"], "qonnx": ["--format", "qonnx"]}, {}
        for name in ("float", "int", "reference", "int fixed", "reference fixed"):
            out, (engine, *fixed) = self.dir / name, name.split()
            options = ["--requantize", *fixed] if fixed else []
            result = self.succeed("eval", run, "--engine", engine, *options, "--images", 60, "--predictions", out, "--json")
            self.assertEqual(json.loads(result.stdout)["engine"], engine)
            lines[name] = out.read_text().split()
        self.assertEqual(lines["int fixed"], lines["reference fixed"])
        self.assertEqual(lines["int"], lines["reference"])
        self.assertLessEqual(sum(a != b for a, b in zip(lines["int"], lines["float"])), 1)
        for name, options in files.items():
            model, out = self.dir / f"{name}.onnx", self.dir / name
            self.succeed("export", run, "-o", model, *options)
            for engine, options in (("int", []), ("float", ["--engine", "float"])):
                result = self.succeed("eval", model, "--data", DATA, "--images", 60, "--predictions", out, "--json", *options)
                self.assertEqual(json.loads(result.stdout)["engine"], engine)
                self.assertLessEqual(sum(a != b for a, b in zip(lines[engine], out.read_text().split())), 1, name)
        self.assertLess((self.dir / "packed.onnx").stat().st_size, (self.dir / "qcdq.onnx").stat().st_size)
        table = json.loads(self.succeed("bench", run, "--rounds", 3, "--json").stdout)
        self.assertGreater(table["images_per_second"], 0)
        self.assertGreater(len(table["layers"]), 5)

    def test_bad_models_and_images(self):
        broken, picture = self.dir / "broken.onnx", self.dir / "picture.png"
        broken.write_bytes(b"\x08\x07nonsense" * 9)
        picture.write_bytes(b"GIF89a")
        self.refuse("eval", broken, "--data", DATA, says=["broken.onnx"])
        self.refuse("run", self.dir / "none.onnx", picture, says=["none.onnx"])
        run = self.train("q", "--weights", "4", "--activations", "4")
        self.refuse("run", run, picture, says=["picture.png", "PNG"])
        self.refuse("eval", run, "--engine", "fast", says=["float", "int", "reference"], code=2)
        self.refuse("export", run, "-o", self.dir / "none" / "m.onnx", says=["none"])


if __name__ == "__main__":
    PACT = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
