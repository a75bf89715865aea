#!/usr/bin/env python3
"""Runs exported ONNX files on CIFAR-10 test images and compares what they say.

usage: onnx_test.py [--data FOLDER] [--images 500] [--least 0.88] [--expect CLASSES] FILE.onnx ...

Needs numpy, onnx and onnxruntime; for QONNX files also qonnx (`pip install onnx onnxruntime qonnx`). FOLDER holds
cifar10/test_batch.bin, PACT_DATA by default. All files must be forms of one network: each is checked by
onnx.checker, its top-1 must reach `--least`, and its predictions must agree with those of the first file, or with the
classes in the file `--expect` (one a line), but for 1 image in 500 (runtimes sum in another order, and a sum near a
tie then takes the next code).
"""
import argparse
import os
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

QONNX = "qonnx.custom_op.general"


def read_images(path, count):
    records = np.fromfile(path, dtype=np.uint8, count=3073 * count).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def run_qonnx(model, images):
    """Node by node, image by image: slow, but the reference of the format."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = len(images)
    wrapper = ModelWrapper(model).transform(InferShapes())
    name = model.graph.input[0].name
    return execute_onnx(wrapper, {name: images.astype(np.float32)})[model.graph.output[0].name]


def run(path, images):
    model = onnx.load(path)
    if any(opset.domain == QONNX for opset in model.opset_import):
        return run_qonnx(model, images)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    dtype = np.uint8 if entry.type == "tensor(uint8)" else np.float32
    parts = [session.run(None, {entry.name: part.astype(dtype)})[0] for part in np.array_split(images, 5)]
    return np.concatenate(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("PACT_DATA"))
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--least", type=float, default=0.88)
    parser.add_argument("--expect", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    if options.data is None or not (options.data / "cifar10/test_batch.bin").exists():
        print("skipped: no cifar10/test_batch.bin in --data or PACT_DATA")
        return 0
    images, labels = read_images(options.data / "cifar10/test_batch.bin", options.images)
    first, failures = None, 0
    expected = np.loadtxt(options.expect, dtype=int)[: len(labels)] if options.expect else None
    for path in options.files:
        logits = run(path, images)
        first = logits if first is None else first
        top1 = np.mean(logits.argmax(1) == labels)
        wanted = first.argmax(1) if expected is None else expected
        changed = int(np.sum(logits.argmax(1) != wanted))
        print(f"{path}: top-1 {top1:.4f}, {changed} of {len(images)} predictions are not the expected ones, "
              f"largest difference of logits {np.abs(logits - first).max():.3g}")
        failures += top1 < options.least or changed > len(images) / 500
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
