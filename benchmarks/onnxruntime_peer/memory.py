"""Resident memory and file sizes of a 4-bit ResNet-18 in PACT beside an int8 one in ONNX Runtime. Called by `run`.

Peaks (VmHWM) of whole processes that classify one image. What each program holds before it has a network, Python and
its modules in one case, libtorch in the other, is measured as well and told apart.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import models

ROOT = Path(__file__).resolve().parent.parent.parent
REPEATS = 3

PEER = """
import sys, numpy, onnxruntime
if len(sys.argv) > 1:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    session.run(None, {image.name: numpy.zeros([1, *image.shape[1:]], numpy.float32)})
"""


def peak_mib(*command):
    """The largest resident set of a process, in MiB; the least of some tries."""
    peaks = []
    for _ in range(REPEATS):
        # A fork of this process counts as the child's, so it is left as small as it is: no numpy here.
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{command[0]}: exit code {process.returncode}")
        peaks.append(usage.ru_maxrss / 1024)
    return min(peaks)


def write_png(path, width, height):
    """A grey picture."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x7c" * (3 * width)) * height
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_peer_model(pact, folder):
    """By a process of its own, which may grow."""
    code = ("import sys; from pathlib import Path; import models; folder = Path(sys.argv[2]);"
            "print(models.int8_model(models.float_model(sys.argv[1], 'resnet18', folder), 'qoperator', folder))")
    made = subprocess.run([sys.executable, "-c", code, pact, folder], check=True, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent)})
    return Path(made.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/onnxruntime_peer/run memory")
    parser.add_argument("--pact", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    parser.add_argument("--models", type=Path, default=ROOT / "build/onnxruntime_peer",
                        help="folder for the networks [build/onnxruntime_peer]")
    args = parser.parse_args()
    args.models.mkdir(parents=True, exist_ok=True)
    picture = args.models / "grey.png"
    write_png(picture, 224, 224)
    peer = make_peer_model(args.pact, args.models)
    packed = {bits: models.packed_model(args.pact, "resnet18", bits, args.models) for bits in models.OURS}

    rows = [{"engine": "ONNX Runtime", "network": "int8", "file": peer.stat().st_size,
             "peak_mib": peak_mib(sys.executable, "-c", PEER, peer),
             "empty_mib": peak_mib(sys.executable, "-c", PEER)}]
    empty = peak_mib(args.pact, "--version")
    for bits, path in packed.items():
        rows.append({"engine": "PACT", "network": bits, "file": path.stat().st_size, "empty_mib": empty,
                     "peak_mib": peak_mib(args.pact, "run", path, picture, "--threads", 1)})
    print("| engine | ResNet-18 | file, MB | against int8 file | peak, MiB | without a network, MiB | difference, MiB |\n"
          "|---|---|---|---|---|---|---|")
    for row in rows:
        row["file_ratio"] = row["file"] / rows[0]["file"]
        row["own_mib"] = row["peak_mib"] - row["empty_mib"]
        print("| {engine} | {network} | {0:.2f} | {file_ratio:.3f} | {peak_mib:.1f} | {empty_mib:.1f} | {own_mib:.1f} |"
              .format(row["file"] / 1e6, **row))
    if args.json:
        args.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")


main()
