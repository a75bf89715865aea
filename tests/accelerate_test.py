"""`pact accelerate` as a user meets it: tables, JSON, sweeps, the page, and bad input.

Usage: accelerate_test.py PACT_BINARY [unittest arguments].
"""

import csv
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PACT = None
ROOT = Path(__file__).resolve().parent.parent


def accelerate(*arguments):
    return subprocess.run([PACT, "accelerate", *map(str, arguments)], capture_output=True, text=True, timeout=240, cwd=ROOT)


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pact-accelerate-")
        self.dir = Path(self._folder.name)

    def tearDown(self):
        self._folder.cleanup()

    def succeed(self, *arguments):
        result = accelerate(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def points(self, *arguments):
        return json.loads(self.succeed(*arguments, "--json"))["points"]

    def refuse(self, *arguments, says, code=1):
        result = accelerate(*arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertNotIn("internal error", result.stderr)
        for word in says:
            self.assertIn(word, result.stderr)


class Output(Case):
    def test_table_of_bits_and_bandwidths(self):
        text = self.succeed("resnet20", "--bits", "16,4", "--bandwidth", "inf,32")
        self.assertIn("no limit", text)
        self.assertIn("32 GB/s", text)
        self.assertIn("first and last layer at 4 bits, too", text)
        self.assertIn("stem.conv", self.succeed("resnet20", "--bits", "4", "--bandwidth", "32"))

    def test_json_adds_up(self):
        points = self.points("resnet20", "--bits", "16,8,4,2", "--bandwidth", "inf,8", "--memory", "64")
        self.assertEqual([point["bits"] for point in points], [16, 8, 4, 2] * 2)
        for point in points:
            self.assertAlmostEqual(point["cycles"], sum(layer["cycles"] for layer in point["layers"]), delta=1e-6 * point["cycles"])
            self.assertGreaterEqual(point["external_bytes"], 0.999999 * point["compulsory_bytes"])
            self.assertGreaterEqual(point["scheduled_cycles"], 0.999999 * point["compute_cycles"])
        for point in points[:4]:
            self.assertLessEqual(point["speed_up"], point["peak_ratio"] * 1.000001)
        self.assertEqual(points[0]["layers"][0]["weight_bits"], 16)
        self.assertEqual(points[3]["layers"][0]["weight_bits"], 8)

    def test_memory_technology_gives_energy(self):
        point = self.points("resnet20", "--bits", "8", "--accelerator", "edge-npu")[0]
        self.assertGreater(point["energy_pj"]["dram"], 0)
        self.assertGreater(point["array_area"], 0)

    def test_sweep_as_csv_and_json(self):
        arguments = ["resnet20", "--bits", "16,4", "--bandwidth", "inf,4", "--sweep", "--memory", "64:256:x2", "--peak", "1,2"]
        rows = list(csv.DictReader(io.StringIO(self.succeed(*arguments))))
        self.assertEqual(len(rows), 3 * 2 * 2 * 2)
        self.assertEqual(rows[0]["bandwidth_gb_s"], "inf")
        self.assertEqual(len(json.loads(self.succeed(*arguments, "--json"))["rows"]), len(rows))
        told = accelerate(*arguments, "-o", self.dir / "sweep.csv").stderr
        self.assertIn(f"{self.dir / 'sweep.csv'}: {len(rows)} configurations of resnet20 on paper-iso-area, as CSV", told)
        self.assertEqual(list(csv.DictReader(io.StringIO((self.dir / "sweep.csv").read_text()))), rows)

    def test_page_is_one_offline_file(self):
        page = self.dir / "page.html"
        self.succeed("resnet20", "--bits", "16,4", "--bandwidth", "inf,8", "--report", page)
        text = page.read_text()
        self.assertIn("default-src 'none'", text)
        for reference in ['src="http', "src='http", 'href="http', "{{"]:
            self.assertNotIn(reference, text)

    def test_topology_of_scale_sim(self):
        path = self.dir / "net.csv"
        path.write_text("Layer, IFMAP H, IFMAP W, Filter H, Filter W, Channels, Filters, Stride,\nC1, 58, 58, 3, 3, 64, 64, 1,\n")
        self.assertEqual(self.points(path, "--bits", 8)[0]["layers"][0]["macs"], 56 * 56 * 9 * 64 * 64)


class BadInput(Case):
    def test_networks_and_names(self):
        self.refuse("resnet21", "--bits", 4, says=["resnet21", "zoo"])
        self.refuse("resnet20", "--accelerator", "paper", "--bits", 4, says=["accelerator", "paper-iso-area"])
        self.refuse("resnet20", says=["resnet20: is a float network", "--bits 16,8,4,2"], code=2)
        self.refuse("resnet20", "--accelerator", self.dir / "none.json", "--bits", 4, says=["none.json"])

    def test_numbers(self):
        for value in ["0", "-4", "x", "4,,8", "64:1:x2", "1:64:x1", "1:64"]:
            self.refuse("resnet20", "--bits", 4, f"--bandwidth={value}", says=["--bandwidth"], code=2)
        self.refuse("resnet20", "--bits", "4.5", says=["--bits"], code=2)
        self.refuse("resnet20", "--bits", "99", says=["--bits"], code=2)
        self.refuse("resnet20", "--bits", 4, "--memory", "64,128", says=["--sweep"], code=2)
        self.refuse("resnet20", "--bits", 4, "--memory", "inf", says=["memory"], code=2)
        self.refuse("resnet20", "--bits", 4, "--memory", "1", says=["smallest tile", "memory.buffers"])
        for option, value, reach in (("--memory", "0.01", "from 1 to 1e+09 kB"), ("--memory", "1e12", "from 1 to 1e+09 kB"),
                                     ("--bandwidth", "1e30", "from 1e-06 to 1e+06 GB/s, or inf"),
                                     ("--peak", "1e-9", "from 1e-06 to 1e+06 TMAC/s")):
            self.refuse("resnet20", "--bits", 4, option, value, says=[option, "out of range", reach], code=2)
        for value, says in (("64:1:x2", "runs backwards, from 64 down to 1; a range goes up: 1:64:x2"),
                            ("1:64:x1", "does not get on"), ("1:64:+0", "does not get on"),
                            ("1:1000000:+1", "more than 10000 numbers; take a larger step")):
            self.refuse("resnet20", "--bits", 4, "--sweep", "--memory", value, says=[f"--memory: '{value}'", says], code=2)
        self.refuse("resnet20", "--bits", 4, "--sweep", "--memory", "1000:9000:+1", "--peak", "1:5000:+1",
                    says=["--sweep", "40005000 configurations; up to 1000000"], code=2)

    def test_a_file_without_its_folder_is_pointed_at(self):
        (self.dir / "mine.json").write_text("{}")
        for name in ("mine", "mine.json"):
            result = subprocess.run([PACT, "accelerate", "resnet20", "--bits", "4", "--accelerator", name], capture_output=True,
                                    text=True, timeout=240, cwd=self.dir)
            self.assertEqual(result.returncode, 1)
            self.assertIn("mine.json", result.stderr)
        self.assertNotIn("unknown", result.stderr)  # an ending makes it a file

    def test_the_clock_that_elements_reach(self):
        arguments = ["resnet20", "--bits", "16,2", "--bandwidth", "inf", "--accelerator"]
        self.assertIn("the one assumed is faster", self.succeed(*arguments, "iso-area-osu018"))
        text = self.succeed(*arguments, "osu018-clocked")
        self.assertIn("clock by technology", text)
        self.assertNotIn("by technology", self.succeed(*arguments, "osu018-clocked", "--peak", 1))
        self.assertIn("GHz at 16 bits", text)
        wide, narrow = self.points(*arguments, "osu018-clocked")
        delay = {e["activation_bits"]: e["delay_ns"] for e in json.loads((ROOT / "configs/technology/osu018.json").read_text())["entries"]
                 if (e["design"], e["accumulator"]) == ("ws_pe", "exact")}
        self.assertAlmostEqual(wide["clock_ghz"], 1 / delay[16])
        self.assertAlmostEqual(narrow["clock_ghz"], 1 / delay[8])  # the first and the last layer have 8 bits
        self.assertEqual(narrow["clock_ghz"], narrow["clock_limit_ghz"])
        self.assertAlmostEqual(narrow["speed_up"], wide["milliseconds"] / narrow["milliseconds"])
        chip = json.loads((ROOT / "configs/accelerators/paper-iso-area.json").read_text())
        chip["clock_ghz"] = "technology"
        for key in ("technology", "memory_technology"):
            where = chip[key]["file"] if key == "technology" else chip[key]
            where = str(ROOT / "configs/accelerators" / where)
            chip[key] = {**chip[key], "file": where} if key == "technology" else where
        (self.dir / "chip.json").write_text(json.dumps(chip))
        self.refuse("resnet20", "--bits", 4, "--accelerator", self.dir / "chip.json", says=["chip.json", "delay_ns"])


    def test_descriptions(self):
        good = json.loads((ROOT / "configs/accelerators/ibm-14nm-core.json").read_text())
        path = self.dir / "chip.json"

        def refuse(change, *says):
            description = json.loads(json.dumps(good))
            change(description)
            path.write_text(json.dumps(description))
            self.refuse("resnet20", "--bits", 4, "--accelerator", path, says=["chip.json", *says])

        refuse(lambda d: d.pop("clock_ghz"), "clock_ghz is missing")
        refuse(lambda d: d["memory"].update(bandwidth_gb_s=0), "memory.bandwidth_gb_s", "above 0")
        refuse(lambda d: d["memory"].update(on_chip_kb=100), "memory.buffers", "more than")
        refuse(lambda d: d["arrays"]["4"].update(rows="many"), "arrays.4.rows", "whole number")
        refuse(lambda d: d.update(technology={"file": "gone.json", "design": "pe", "accumulator": "exact"}), "gone.json")
        path.write_text("{")
        self.refuse("resnet20", "--bits", 4, "--accelerator", path, says=["chip.json", "not JSON"])


if __name__ == "__main__":
    PACT = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
