#!/usr/bin/env python3
"""A float ONNX file as ONNX Runtime quantizes it, in both of its forms, and what it then says to CIFAR-10 test images.

usage: onnx_quantize.py FLOAT.onnx FOLDER [--images 500]

FLOAT.onnx takes raw pixels. FOLDER gets qdq.onnx, qoperator.onnx and, of each, the predicted classes, one a line, in
qdq.txt and qoperator.txt. PACT_DATA holds cifar10/. Needs numpy, onnx and onnxruntime.
"""
import argparse
import os
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Images(CalibrationDataReader):
    def __init__(self, name, images):
        self.parts = [{name: part} for part in np.array_split(images, 4)]

    def get_next(self):
        return self.parts.pop() if self.parts else None


def read_images(path, first, count):
    records = np.fromfile(path, dtype=np.uint8, count=3073 * count, offset=3073 * first).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=500)
    options = parser.parse_args()
    data = Path(os.environ["PACT_DATA"]) / "cifar10"
    prepared = options.folder / "prepared.onnx"
    quant_pre_process(options.model, prepared, skip_symbolic_shape=True)
    entry = onnxruntime.InferenceSession(prepared, providers=["CPUExecutionProvider"]).get_inputs()[0].name
    images = read_images(data / "test_batch.bin", 0, options.images)
    for name, form in (("qdq", QuantFormat.QDQ), ("qoperator", QuantFormat.QOperator)):
        path = options.folder / f"{name}.onnx"
        quantize_static(prepared, path, Images(entry, read_images(data / "data_batch_1.bin", 0, 64)), per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, quant_format=form)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        logits = np.concatenate([session.run(None, {entry: part})[0] for part in np.array_split(images, 5)])
        (options.folder / f"{name}.txt").write_text("".join(f"{index}\n" for index in logits.argmax(1)))


if __name__ == "__main__":
    main()
