"""Speed of PACT's engine beside ONNX Runtime's int8, on the same networks, in turns. Called by `run`.

Prints a Markdown table to standard output and, with --json FILE, writes everything it holds.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import models
from turns import Contestant, summarize, take_turns

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REFERENCE = "ONNX Runtime int8"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="benchmarks/onnxruntime_peer/run")
    parser.add_argument("--pact", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="ResNet-20 and -18, one thread, few rounds")
    parser.add_argument("--networks", nargs="+", metavar="NAME", help="of the zoo [resnet20 resnet18 resnet50]")
    parser.add_argument("--threads", nargs="+", type=int, help="[1 2]")
    parser.add_argument("--batches", nargs="+", type=int, help="[1 8]")
    parser.add_argument("--rounds", type=int, help="turns of each program [15]")
    parser.add_argument("--turn", type=float, help="seconds a turn [0.25]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    parser.add_argument("--models", type=Path, default=ROOT / "build/onnxruntime_peer",
                        help="folder for the networks; made once, so remove it after a change of the export "
                             "[build/onnxruntime_peer]")
    args = parser.parse_args()
    quick = {"networks": ["resnet20", "resnet18"], "threads": [1], "batches": [1], "rounds": 5, "turn": 0.1}
    full = {"networks": ["resnet20", "resnet18", "resnet50"], "threads": [1, 2], "batches": [1, 8], "rounds": 15,
            "turn": 0.25}
    for name, value in (quick if args.quick else full).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    return args


def say(text):
    print(text, file=sys.stderr, flush=True)


def pact_contestant(args, name, model, threads, batch):
    return Contestant(name, [args.pact, "bench", model, "--on-request", "--threads", threads, "--batch", batch])


def peer_contestant(name, model, threads, batch):
    return Contestant(name, [sys.executable, HERE / "peer_server.py", model, threads, batch])


def better_form(network, paths, args):
    """The form of the int8 network in which ONNX Runtime is faster, single image, one thread."""
    contestants = [peer_contestant(form, path, 1, 1) for form, path in paths.items()]
    take_turns(contestants, 3, args.turn)
    times = {c.name: summarize(c, c)["ms"] for c in contestants}
    for c in contestants:
        c.close()
    best = min(times, key=times.get)
    say(f"{network}: ONNX Runtime takes " + ", ".join(f"{ms:.2f} ms as {form}" for form, ms in times.items()))
    return best


def measure(args, network, peer_int8, threads, batch):
    folder = args.models
    contestants = [
        peer_contestant(REFERENCE, peer_int8, threads, batch),
        *(pact_contestant(args, f"PACT {bits}", models.our_model(args.pact, network, bits, folder), threads, batch)
          for bits in models.OURS),
        peer_contestant("ONNX Runtime float32", models.float_model(args.pact, network, folder), threads, batch),
    ]
    take_turns(contestants, args.rounds, args.turn)
    rows = []
    for c in contestants:
        row = {"network": network, "threads": threads, "batch": batch, "engine": c.name}
        rows.append(row | summarize(c, contestants[0]))
        rows[-1]["images_per_second"] = 1e3 * batch / rows[-1]["ms"]
        say("  {network} threads {threads} batch {batch}: {engine} {ms:.3f} ms, {speedup:.2f}".format(**rows[-1]))
    machine = contestants[1].about["machine"]
    version = contestants[0].about["engine"]
    for c in contestants:
        c.close()
    return rows, machine, version


def commit():
    result = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return result.stdout.strip() or "unknown"


def print_table(result):
    print(f"{result['machine']}; {result['date']}; PACT at {result['commit']}, {result['peer']}; "
          f"load of the machine {result['load_before']:.1f} before, {result['load_after']:.1f} after.")
    for network, form in result["peer_forms"].items():
        print(f"ONNX Runtime's {network}: {form['form']}, {form['operators'].get('QLinearConv', 0)} QLinearConv, "
              "no other convolutions.")
    print("\n| network | threads | batch | engine | ms (10th to 90th percentile) | images/s "
          "| times as fast as ONNX Runtime int8 |\n|---|---|---|---|---|---|---|")
    for row in result["rows"]:
        print("| {network} | {threads} | {batch} | {engine} | {ms:.3f} ({ms_p10:.3f} to {ms_p90:.3f}) "
              "| {images_per_second:.1f} | {speedup:.2f} ({speedup_p10:.2f} to {speedup_p90:.2f}) |".format(**row))


def main():
    args = parse_arguments()
    args.models.mkdir(parents=True, exist_ok=True)
    result = {"date": datetime.date.today().isoformat(), "commit": commit(), "load_before": os.getloadavg()[0],
              "peer_forms": {}, "rows": []}
    for network in args.networks:
        say(f"{network}: making its networks")
        plain = models.float_model(args.pact, network, args.models)
        paths = {form: models.int8_model(plain, form, args.models) for form in models.FORMS}
        form = better_form(network, paths, args)
        operators = models.require_int8_convolutions(paths[form], args.models)
        result["peer_forms"][network] = {"form": form, "operators": dict(operators)}
        for threads in args.threads:
            for batch in args.batches:
                rows, result["machine"], result["peer"] = measure(args, network, paths[form], threads, batch)
                result["rows"] += rows
    result["load_after"] = os.getloadavg()[0]
    print_table(result)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


main()
