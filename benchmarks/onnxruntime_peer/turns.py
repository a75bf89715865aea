"""Programs that are measured in turns: while one runs, all others sleep. So a phase in which something else loads the
machine hits all alike, and the ratio of neighbours means something even then."""

import json
import statistics
import subprocess
import time

GAP_SECONDS = 0.03  # threads of ONNX Runtime spin for some milliseconds after a run


class Contestant:
    """A process with the protocol of `pact bench --on-request`."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.about = self._read()
        self.turns = []  # seconds of the runs of each turn

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: ended without an answer (exit code {self.process.wait()})")
        return json.loads(line)

    def time_runs(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return self._read()["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def take_turns(contestants, rounds, seconds_a_turn):
    """Fills `turns` of all contestants. The first run of a turn warms up and does not count."""
    counts = {}
    for c in contestants:
        c.time_runs(2)
        counts[c.name] = min(200, max(1, round(seconds_a_turn / min(c.time_runs(2)))))
        time.sleep(GAP_SECONDS)
    for number in range(rounds):
        first = number % len(contestants)
        for c in contestants[first:] + contestants[:first]:
            c.turns.append(c.time_runs(1 + counts[c.name])[1:])
            time.sleep(GAP_SECONDS)


def quantile(values, q):
    ordered = sorted(values)
    return ordered[round(q * (len(ordered) - 1))]


def summarize(contestant, reference):
    """Milliseconds over all runs, and how many times faster than `reference`, turn by turn."""
    runs = [seconds for turn in contestant.turns for seconds in turn]
    ratios = [statistics.median(theirs) / statistics.median(own)
              for own, theirs in zip(contestant.turns, reference.turns)]
    return {
        "ms": 1e3 * statistics.median(runs),
        "ms_p10": 1e3 * quantile(runs, 0.1),
        "ms_p90": 1e3 * quantile(runs, 0.9),
        "runs": len(runs),
        "speedup": statistics.median(ratios),
        "speedup_p10": quantile(ratios, 0.1),
        "speedup_p90": quantile(ratios, 0.9),
    }
