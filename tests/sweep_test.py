"""`pact sweep` as a user meets it: tables of tiny runs on the built-in data set, interruptions, failures, bad files.

Usage: sweep_test.py PACT_BINARY [unittest arguments].
"""

import csv
import json
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PACT = None
ROOT = Path(__file__).resolve().parent.parent
TINY = {"epochs": 1, "batch": 32, "schedule": "one-cycle", "rate": 0.05, "threads": 1, "crop_pad": 0}
TOP = {"network": "resnet8", "data": "shapes:train=64,test=40", "settings": TINY}


def pact(*arguments):
    return subprocess.run([PACT, *map(str, arguments)], capture_output=True, text=True, timeout=240, cwd=ROOT)


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pact-sweep-")
        self.dir = Path(self._folder.name)
        self.out = self.dir / "out"

    def tearDown(self):
        self._folder.cleanup()

    def file(self, **content):
        path = self.dir / "table.json"
        path.write_text(json.dumps({**TOP, **content}))
        return path

    def sweep(self, path, *more, code=0):
        result = pact("sweep", path, "--out", self.out, *more)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn("internal error", result.stderr)
        return result

    def refuse(self, path, *says):
        result = self.sweep(path, "--dry-run", code=1)
        for text in says:
            self.assertIn(text, result.stderr)
        self.assertFalse(self.out.exists())

    def results(self):
        return {row["name"]: row for row in json.loads((self.out / "results.json").read_text())["rows"]}


class Tables(Case):
    def test_axes_references_and_failures_end_in_three_kinds_of_tables(self):
        path = self.file(
            description="all of it",
            runs=[
                # Stands first, but starts from what stands below it.
                {"name": "w{bits}-seed{seed}", "axes": {"bits": [2], "seed": [1, 2]},
                 "settings": {"init": "float", "alpha_start": "data"}},
                {"name": "float"},
                # It can start, but diverges; the one behind it has nothing to start from.
                {"name": "wild", "settings": {"rate": 1e30, "epochs": 2}},
                {"name": "behind", "settings": {"init": "wild"}},
            ])
        plan = self.sweep(path, "--dry-run").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in plan[1:]],
                         ["float", "w2-seed1", "w2-seed2", "wild", "behind"])
        self.assertFalse(self.out.exists())

        result = self.sweep(path, code=1)
        self.assertIn("2 of 5 runs failed", result.stderr)
        self.assertRegex(result.stderr, r"float: test top-1 \d+\.\d+ % after 1 epoch\n")
        rows = self.results()
        self.assertEqual({name: row["status"] for name, row in rows.items()},
                         {"float": "finished", "w2-seed1": "finished", "w2-seed2": "finished", "wild": "failed", "behind": "blocked"})
        self.assertIn("wild", rows["behind"]["message"])
        self.assertTrue(rows["wild"]["message"])
        for name in ("w2-seed1", "w2-seed2"):
            stored = json.loads((self.out / name / "run.json").read_text())
            self.assertEqual(stored["settings"]["init"], str(self.out / "float"))
            # The tables hold what the commands say of the runs.
            said = json.loads(pact("eval", self.out / name, "--engine", "int", "--json").stdout)
            self.assertEqual(rows[name]["integer_top1"], said["top1"])
            last = json.loads((self.out / name / "metrics.jsonl").read_text().splitlines()[-1])
            self.assertEqual(rows[name]["top1"], last["test_top1"])
        self.assertNotIn("integer_top1", rows["float"])

        groups = {g["name"]: g for g in json.loads((self.out / "results.json").read_text())["groups"]}
        pair = [rows["w2-seed1"]["top1"], rows["w2-seed2"]["top1"]]
        self.assertEqual(groups["w2"]["rows"], ["w2-seed1", "w2-seed2"])
        self.assertAlmostEqual(groups["w2"]["top1"]["mean"], sum(pair) / 2)
        self.assertAlmostEqual(groups["w2"]["top1"]["deviation"], abs(pair[0] - pair[1]) / 2**0.5)
        table = list(csv.DictReader((self.out / "sweep.csv").read_text().splitlines()))
        self.assertEqual([row["name"] for row in table], list(rows))
        self.assertEqual(float(table[1]["integer_top1"]), rows["w2-seed1"]["integer_top1"])
        text = (self.out / "sweep.md").read_text()
        self.assertRegex(text, r"\| w2 \| 2 \|.*±")
        self.assertRegex(text, r"\| wild .*failed: ")
        page = (self.out / "sweep.html").read_text()
        self.assertIn("all of it", page)
        self.assertNotIn("{{", page.split("<script>")[0])

        # A second time nothing that is finished is done again; what failed is tried again.
        times = {name: (self.out / name / "last.safetensors").stat().st_mtime_ns for name in ("float", "w2-seed1")}
        again = self.sweep(path, code=1)
        self.assertNotIn("w2-seed1:", again.stderr)
        self.assertIn("wild: failed", again.stderr)
        for name, stamp in times.items():
            self.assertEqual((self.out / name / "last.safetensors").stat().st_mtime_ns, stamp)

        # Runs made here, collected from elsewhere; one is also where a new run starts.
        other = self.file(existing=[str(self.out / "w2-*"), str(self.out / "float")],
                          runs=[{"axes": {"alpha_decay": [0.0, 0.1]}, "settings": {"weights": 3, "activations": 3, "init": "float"}}])
        first, self.out = self.out, self.dir / "elsewhere"
        collected = json.loads(self.sweep(other, "--json").stdout)
        self.assertEqual([row["name"] for row in collected["rows"]],
                         ["w2-seed1", "w2-seed2", "float", "alpha_decay0.0", "alpha_decay0.1"])
        self.assertEqual(collected["rows"][0]["integer_top1"], rows["w2-seed1"]["integer_top1"])
        self.assertTrue(all(row["status"] == "finished" for row in collected["rows"]))
        self.assertFalse((self.out / "float").exists())
        self.assertTrue((first / "float").exists())

    def test_a_killed_sweep_goes_on_to_the_bits_of_one_that_was_not(self):
        runs = [{"name": "a", "settings": {"epochs": 4}}, {"name": "b", "settings": {"weights": 2, "activations": 2, "init": "a"}}]
        path = self.file(runs=runs)
        whole, self.out = self.dir / "whole", self.dir / "whole"
        self.sweep(path)
        self.out = self.dir / "killed"
        process = subprocess.Popen([PACT, "sweep", path, "--out", self.out], stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, cwd=ROOT)
        metrics = self.out / "a" / "metrics.jsonl"
        deadline = time.time() + 120
        while not (metrics.exists() and metrics.read_text().count("\n") >= 2) and time.time() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        plan = json.loads(self.sweep(path, "--dry-run", "--json").stdout)
        self.assertEqual([row["status"] for row in plan["rows"]], ["interrupted", "left"])
        result = self.sweep(path)
        self.assertIn("a: goes on behind epoch", result.stderr)
        for name in "ab":
            self.assertEqual((self.out / name / "last.safetensors").read_bytes(),
                             (whole / name / "last.safetensors").read_bytes())


class BadFiles(Case):
    def test_all_mistakes_are_told_at_once_with_the_nearest_names(self):
        self.refuse(
            self.file(descripton="x", runs=[
                {"name": "a", "weights": 2},
                {"name": "b", "axes": {"weigths": [2, 3]}},
                {"name": "c{sed}", "axes": {"seed": [1, 2]}},
                {"name": "d", "settings": {"epoch": 3}},
                {"name": "e", "settings": {"weights": 12}},
                {"name": "f", "network": "resnet9"},
                {"name": "g", "settings": {"init": "e2"}},
                {"name": "h/h"},
                {"axes": {"bits": 4}},
                {},
            ]),
            "unknown key 'descripton' (did you mean 'description'?)", "runs[0]", "'weights' is a setting",
            "unknown axis 'weigths' (did you mean 'weights'?)", "unknown axis 'sed' (did you mean 'seed'?)",
            "unknown setting 'epoch' (did you mean 'epochs'?)", "run 'e': weights must be 1 to 8 bits",
            "run 'f': unknown network 'resnet9'", "run 'g': init", "(did you mean 'e'?)", "'h/h'", "runs[8]", "runs[9]")

    def test_one_mistake_of_many_runs_is_told_once(self):
        groups = [{"axes": {"bits": [2, 3, 4], "seed": [1, 2]}, "network": "resnet9"}, {"name": "e", "settings": {"weights": 12}}]
        result = self.sweep(self.file(runs=groups), "--dry-run", code=1)
        self.assertEqual(result.stderr.count("unknown network 'resnet9'"), 1, result.stderr)
        self.assertRegex(result.stderr, r"runs '[^']*', '[^']*', '[^']*' and 3 more: unknown network")
        missing = self.sweep(self.file(data="cifar10:/nowhere", runs=[{"name": "a"}, {"name": "b", "settings": {"seed": 2}}]), code=1)
        self.assertEqual(missing.stderr.count("there is no folder '/nowhere'"), 1, missing.stderr)
        self.assertIn("b: failed as 'a' did", missing.stderr)
        self.assertIn("/nowhere", (self.out / "b.log").read_text())

    def test_a_plan_finds_what_its_runs_lack(self):
        for data in ("svhn:/nowhere", "cifar10:/nowhere", "fashion_mnist:/nowhere", "imagenet:/nowhere"):
            path = self.file(data=data, runs=[{"name": "a"}, {"name": "b", "settings": {"seed": 2}}])
            self.refuse(path, "/nowhere")
            self.assertEqual(self.sweep(path, "--dry-run", code=1).stderr.count("/nowhere"), 1)
        self.refuse(self.file(data="svhn:" + str(self.dir), runs=[{"name": "a"}]), "run 'a': svhn", "lacks train_32x32.mat, test_32x32.mat")
        # What is done needs no data.
        self.sweep(self.file(runs=[{"name": "a"}]))
        stored = json.loads((self.out / "a" / "run.json").read_text())
        (self.out / "a" / "run.json").write_text(json.dumps({**stored, "dataset": "svhn:/nowhere"}))
        self.sweep(self.file(data="svhn:/nowhere", runs=[{"name": "a"}]), "--dry-run")

    def test_keys_that_stand_twice(self):
        path = self.dir / "table.json"
        for text, key in (('{"network": "resnet8", "data": "shapes", "runs": [{"name": "a"}], "runs": [{"name": "b"}]}', "runs"),
                          ('{"network": "resnet8", "data": "shapes", "runs": [{"name": "a", "settings": {"rate": 1, "rate": 2}}]}', "rate")):
            path.write_text(text)
            self.refuse(path, f"table.json: an object in it has '{key}' twice")

    def test_all_wrong_settings_of_a_run_are_told_at_once(self):
        self.refuse(self.file(runs=[{"name": "a", "settings": {"epochs": "x", "rate": "y"}}]), "epochs must be", "rate must be")
        self.refuse(self.file(network="resnet9", data="cifar11:/x", mean=[0.5],
                              runs=[{"name": "a", "settings": {"seed": -1, "weights": 9, "milestones": [9, 3]}}]),
                    "seed must be", "weights must be", "milestones must ascend", "'resnet9'", "'cifar11'")
        self.refuse(self.file(mean=[0.5], runs=[{"name": "a"}]), '"mean" and "std" go together')
        result = self.sweep(self.file(runs=[{"name": "a"}]), "--set", "epochs=x", "--set", "rate=-1", "--dry-run", code=1)
        self.assertIn("epochs must be", result.stderr)
        self.assertIn("rate must be", result.stderr)

    def test_circles_twins_and_nothing(self):
        self.refuse(self.file(runs=[{"name": "a", "settings": {"init": "b"}}, {"name": "b", "settings": {"teacher": "c"}},
                                    {"name": "c", "settings": {"init": "a"}}]), "circle: a -> b -> c -> a")
        self.refuse(self.file(runs=[{"name": "a", "axes": {"seed": [1, 2]}}]), "two runs are called 'a'")
        self.refuse(self.file(runs=[{"name": "a.log"}, {"name": "sweep.md"}, {"name": "n" * 201}]),
                    "'a.log' is that of a file of the sweep", "'sweep.md' is that", "more than 200 letters")
        self.refuse(self.file(), "names no run")
        self.refuse(self.file(existing=["/nowhere"]), "/nowhere")
        (self.dir / "table.json").write_text("{")
        self.refuse(self.dir / "table.json", "not valid JSON")

    def test_a_name_means_one_run(self):
        self.sweep(self.file(runs=[{"name": "a"}]))
        changed = self.file(runs=[{"name": "a", "settings": {"seed": 9}}])
        result = self.sweep(changed, code=1)
        self.assertIn("seed is '9' here and '1' in the run", result.stderr)

    def test_the_sweeps_that_come_along_are_sound(self):
        for path in sorted((ROOT / "configs" / "sweeps").glob("*.json")):
            with self.subTest(path.name):
                self.sweep(path, "--data", "shapes", "--dry-run")


if __name__ == "__main__":
    PACT = Path(sys.argv.pop(1)).resolve()
    unittest.main()
