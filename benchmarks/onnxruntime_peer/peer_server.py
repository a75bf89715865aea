"""ONNX Runtime behind the protocol of `pact bench --on-request`: a line COUNT on standard input is answered by a line
with the seconds of COUNT runs.

usage: peer_server.py MODEL THREADS BATCH
"""

import json
import sys
import time

import numpy
import onnxruntime


def main():
    path, threads, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    pixels = numpy.random.default_rng(1).uniform(-1.9, 2.4, [batch, *image.shape[1:]]).astype(numpy.float32)
    # Input and output lie ready, so that a run costs no copies and no allocations in Python.
    scores = session.run(None, {image.name: pixels})[0]
    binding = session.io_binding()
    binding.bind_ortvalue_input(image.name, onnxruntime.OrtValue.ortvalue_from_numpy(pixels))
    binding.bind_ortvalue_output(session.get_outputs()[0].name, onnxruntime.OrtValue.ortvalue_from_numpy(scores))
    print(json.dumps({"engine": f"ONNX Runtime {onnxruntime.__version__}"}), flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line)):
            start = time.perf_counter()
            session.run_with_iobinding(binding)
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": seconds}), flush=True)


main()
