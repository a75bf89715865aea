"""Training in several processes as a user meets it: the same run as with one, a lost process, and bad input.

Usage: processes_test.py PACT_BINARY [unittest arguments]. Exits with 77 where pact was built for one process.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PACT = None
LAUNCHERS = ("RANK", "WORLD_SIZE", "LOCAL_", "MASTER_", "OMPI_", "PMI_", "SLURM_", "TORCHELASTIC_")
QUICK = ["resnet8", "--data", "shapes:train=192,test=101", "--batch", 32, "--epochs", 2, "--threads", 1,
         "--precision", "fp32", "--rate", 0.01, "--process-timeout", 60]


def environment(**variables):
    plain = {name: value for name, value in os.environ.items() if not name.startswith(LAUNCHERS)}
    return {**plain, "OMP_WAIT_POLICY": "passive", **{name: str(value) for name, value in variables.items()}}


def start(*arguments, **variables):
    return subprocess.Popen([PACT, *map(str, arguments)], env=environment(**variables), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children_of(pid):
    return [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]


def catches(pid, signal_number):
    caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (signal_number - 1) & 1)


def metrics(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


class Case(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pact-processes-")
        self.dir = Path(self._folder.name)
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self._folder.cleanup()

    def start(self, *arguments, **variables):
        self.started.append(start(*arguments, **variables))
        return self.started[-1]

    def end(self, process, code=0, says=(), timeout=60):
        """The process ends with `code` and says each of `says`; what it said."""
        out, err = process.communicate(timeout=timeout)
        self.assertEqual(process.returncode, code, err)
        self.assertNotIn("internal error", err)
        for words in says:
            self.assertIn(words, err)
        return out, err

    def refused(self, *arguments, says, code=1, **variables):
        self.end(self.start("train", *arguments, "--out", self.dir / "refused", **variables), code, says)

    def pair(self, first, second, **variables):
        """Two processes as torchrun starts them."""
        port = free_port()
        return [self.start("train", *arguments, RANK=rank, WORLD_SIZE=2, MASTER_ADDR="127.0.0.1", MASTER_PORT=port,
                           **variables) for rank, arguments in enumerate((first, second))]

    def wait_for_step(self, run, process):
        """Until the run has a checkpoint from within its training."""
        end = time.time() + 60
        while time.time() < end and process.poll() is None:
            if list(run.glob("last.optimizer-[1-9]*")):
                return
            time.sleep(0.02)
        self.fail("the run made no checkpoint: " + (process.communicate()[1] if process.poll() is not None else ""))


class Runs(Case):
    def test_two_processes_train_what_one_trains(self):
        one, two = self.dir / "one", self.dir / "two"
        self.end(self.start("train", *QUICK, "--out", one))
        out, err = self.end(self.start("train", *QUICK, "--out", two, "--processes", 2))
        self.assertIn("test top-1", out)
        self.assertEqual(err.count("epoch   1/2"), 1)  # one process speaks for both
        # Rounding differs from the first step on, and its traces grow.
        for a, b, near in zip(metrics(one), metrics(two), (2e-5, 2e-3), strict=True):
            self.assertEqual(a["step"], b["step"])
            self.assertAlmostEqual(a["train_loss"], b["train_loss"], delta=near * a["train_loss"])
            self.assertAlmostEqual(a["test_loss"], b["test_loss"], delta=near * a["test_loss"])
            self.assertAlmostEqual(a["test_top1"], b["test_top1"], delta=2.0)
        self.assertEqual(json.loads((two / "run.json").read_text())["processes"], 2)
        self.assertTrue((two / "report.html").exists())

    def test_quantized_with_levels_from_data(self):
        more = ["--weights", 4, "--activations", 4, "--alpha-start", "data", "--epochs", 1]
        runs = []
        for count in (1, 2):
            runs.append(self.dir / str(count))
            self.end(self.start("train", *QUICK, *more, "--out", runs[-1], "--processes", count))
        (a,), (b,) = map(metrics, runs)
        self.assertAlmostEqual(a["train_loss"], b["train_loss"], delta=0.02 * a["train_loss"])
        for name, level in a["alpha"].items():
            self.assertAlmostEqual(level, b["alpha"][name], delta=0.02 * level)

    def test_a_lost_process_ends_the_run_in_words_and_resuming_goes_on(self):
        run, whole = self.dir / "run", self.dir / "whole"
        more = ["--epochs", 1, "--checkpoint-steps", 1]
        self.end(self.start("train", *QUICK, *more, "--out", whole, "--processes", 2))
        first = self.start("train", *QUICK, "--data", "shapes:train=192,test=101", *more, "--out", run, "--processes", 2)
        self.wait_for_step(run, first)
        (second,) = children_of(first.pid)
        os.kill(second, signal.SIGKILL)
        began = time.time()
        self.end(first, 1, [f"process 1 (number {second} on ", "of 2 is missing", "The last checkpoint, ", str(run), "--resume"])
        self.assertLess(time.time() - began, 20)
        self.assertEqual(json.loads((run / "run.json").read_text())["status"], "failed")
        self.end(self.start("train", "--resume", "--out", run, "--processes", 2, "--process-timeout", 60))
        self.assertEqual((run / "last.safetensors").read_bytes(), (whole / "last.safetensors").read_bytes())

    def test_losing_the_first_process_ends_the_others(self):
        run = self.dir / "run"
        more = [*QUICK, "--epochs", 50, "--checkpoint-steps", 1, "--out", run]
        first, second = self.pair(more, more)
        self.wait_for_step(run, first)
        first.kill()
        self.end(second, 1, [f"process 0 (number {first.pid} on ", "is missing", "The last checkpoint, ", str(run)], 20)

    def test_interrupting_one_stops_all_with_a_checkpoint(self):
        run = self.dir / "run"
        more = [*QUICK, "--epochs", 50, "--checkpoint-steps", 1, "--out", run]
        first, second = self.pair(more, more)
        self.wait_for_step(run, first)
        second.send_signal(signal.SIGINT)
        out, _ = self.end(first)
        self.assertIn(f"continue with: pact train --resume --out {run}", out)
        self.assertEqual(self.end(second), ("", ""))
        self.assertEqual(json.loads((run / "run.json").read_text())["status"], "interrupted")
        one = self.start("train", "--resume", "--out", run)  # with fewer processes
        time.sleep(2)
        one.send_signal(signal.SIGINT)
        self.end(one, 0, ["the run had 2 processes before and has 1 now", "resuming at"])


    def test_torchrun_may_hold_the_port_itself(self):
        with socket.socket() as agent:
            agent.bind(("127.0.0.1", 0))
            agent.listen()
            more = ["train", *QUICK, "--epochs", 1, "--out", self.dir / "run"]
            pair = [self.start(*more, RANK=rank, WORLD_SIZE=2, MASTER_ADDR="127.0.0.1",
                               MASTER_PORT=agent.getsockname()[1], TORCHELASTIC_USE_AGENT_STORE="True")
                    for rank in range(2)]
            for process in pair:
                self.end(process)
        self.assertEqual(json.loads((self.dir / "run" / "run.json").read_text())["processes"], 2)

    def test_who_waits_for_the_others_can_be_stopped(self):
        for rank in range(2):
            alone = self.start("train", *QUICK, "--out", self.dir / "alone", RANK=rank, WORLD_SIZE=2,
                               MASTER_ADDR="127.0.0.1", MASTER_PORT=free_port())
            while alone.poll() is None and not catches(alone.pid, signal.SIGTERM):
                time.sleep(0.02)
            alone.terminate()
            self.end(alone, 1, ["told to stop before all 2 processes had met"], 20)


class Refusals(Case):
    def test_bad_environments(self):
        self.refused(*QUICK, says=["WORLD_SIZE and no RANK"], WORLD_SIZE=2)
        self.refused(*QUICK, says=["RANK=2 with WORLD_SIZE=2"], RANK=2, WORLD_SIZE=2)
        self.refused(*QUICK, "--processes", 3, says=["--processes 3", "2 of them"], code=2, RANK=0, WORLD_SIZE=2,
                     MASTER_ADDR="127.0.0.1")
        self.refused(*QUICK, "--process-timeout", 1, says=["did not answer at 127.0.0.1", "for 1 s"], RANK=1,
                     WORLD_SIZE=2, MASTER_ADDR="127.0.0.1", MASTER_PORT=free_port())
        self.refused(*QUICK, "--process-timeout", 1, says=["have not come within 1 s: 1"], RANK=0, WORLD_SIZE=2,
                     MASTER_ADDR="127.0.0.1", MASTER_PORT=free_port())

    def test_bad_input_is_said_once(self):
        process = self.start("train", *QUICK, "--batch", 2, "--out", self.dir / "few", "--processes", 3)
        _, err = self.end(process, 1, ["a batch of 2 images cannot be shared by 3 processes"])
        self.assertEqual(err.count("pact: "), 1)
        _, err = self.end(self.start("train", "resnet8", "--data", "shapes:train=x", "--processes", 2), 1)
        self.assertEqual(err.count("pact: "), 1)

    def test_different_settings_or_data(self):
        first = [*QUICK, "--out", self.dir / "run"]
        second = [*first, "--rate", 0.2, "--data", "shapes:train=200,test=101"]
        for process in self.pair(first, second):
            self.end(process, 1, ["rate is '0.01' in process 0 and '0.2' in process 1", "training data is '192 images"])
        self.assertFalse((self.dir / "run").exists())


def main():
    global PACT
    PACT = sys.argv.pop(1)
    probe = start("train", *QUICK, "--process-timeout", 1, "--out", "unused", RANK=1, WORLD_SIZE=2,
                  MASTER_ADDR="127.0.0.1", MASTER_PORT=9)
    if "built for one" in probe.communicate()[1]:
        print("this pact was built for one process")
        sys.exit(77)
    unittest.main()


if __name__ == "__main__":
    main()
