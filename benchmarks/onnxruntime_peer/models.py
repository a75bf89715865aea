"""The networks of the comparison as ONNX files: ours as PACT exports them, ONNX Runtime's as its own tools make them.

All have the same random weights, which is enough to measure time and memory; what they classify means nothing.
"""

import subprocess
from collections import Counter
from pathlib import Path

# Bits of weights and activations. Symmetric weights are what int8 engines use, and so are shortcuts in 8 bits; below 8
# bits ours are as trained.
OURS = {"w8a8": ("8", "8", "symmetric"),
        "w8a8, shortcuts in 8 bits": ("8", "8", "symmetric", "--shortcuts", "codes"),
        "w4a4": ("4", "4", "sawb"), "w2a2": ("2", "2", "sawb")}
# ONNX Runtime loads either form; which one its optimizer does better with differs by version.
FORMS = ("qdq", "qoperator")


def export(pact, network, output, weights, activations, quantizer, *options):
    if not output.exists():
        subprocess.run([pact, "export", network, "--random-weights", "1", "--weights", weights, "--activations",
                        activations, "--weight-quantizer", quantizer, "-o", output, *options],
                       check=True, stdout=subprocess.DEVNULL)
    return output


def file_name(variant):
    return variant.replace(",", "").replace(" ", "-")


def our_model(pact, network, variant, folder):
    """Made again by a newer program, which may write what it has learned to run faster."""
    output = folder / f"{network}-{file_name(variant)}.onnx"
    if output.exists() and output.stat().st_mtime < Path(pact).stat().st_mtime:
        output.unlink()
    return export(pact, network, output, *OURS[variant])


def packed_model(pact, network, variant, folder):
    return export(pact, network, folder / f"{network}-{file_name(variant)}-packed.onnx", *OURS[variant], "--packed")


def float_model(pact, network, folder):
    """As somebody would write it who wants ONNX Runtime to be fast."""
    output = folder / f"{network}-float.onnx"
    if not output.exists():
        import onnx

        model = onnx.load(export(pact, network, folder / f"{network}-raw.onnx", "32", "32", "sawb"))
        drop_normalization(model.graph)
        subsample_by_pooling(model.graph)
        read = {name for node in model.graph.node for name in node.input}
        for constant in [constant for constant in model.graph.initializer if constant.name not in read]:
            model.graph.initializer.remove(constant)
        onnx.checker.check_model(model)
        onnx.save(model, output)
    return output


def drop_normalization(graph):
    """Users of ONNX Runtime normalize pixels outside."""
    image = value = graph.input[0].name
    while True:
        readers = [node for node in graph.node if value in node.input]
        if len(readers) != 1 or readers[0].op_type not in {"Sub", "Div"}:
            break
        value = readers[0].output[0]
        graph.node.remove(readers[0])
    for node in graph.node:
        node.input[:] = [image if name == value else name for name in node.input]


def subsample_by_pooling(graph):
    """Every second pixel: a MaxPool, which ONNX Runtime runs on 8 bits, where Slice would go by way of float32."""
    import onnx

    constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in graph.initializer}
    for index, node in enumerate(graph.node):
        if node.op_type == "Slice" and list(constants[node.input[4]]) == [1, 2, 2]:
            pool = onnx.helper.make_node("MaxPool", [node.input[0]], node.output, kernel_shape=[1, 1], strides=[2, 2])
            graph.node.remove(node)
            graph.node.insert(index, pool)


def has_vnni():
    flags = Path("/proc/cpuinfo").read_text()
    return "avx512_vnni" in flags or "avx_vnni" in flags


def int8_model(float_path, form, folder):
    """What ONNX Runtime's static quantization makes: u8 activations, s8 weights per channel, batch norms folded."""
    output = folder / f"{float_path.stem.removesuffix('-float')}-ort-{form}.onnx"
    if output.exists():
        return output
    import numpy
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Images(CalibrationDataReader):
        def __init__(self, shape):
            random = numpy.random.default_rng(1)
            self.batches = [{"image": random.uniform(-1.9, 2.4, shape).astype(numpy.float32)} for _ in range(2)]

        def get_next(self):
            return self.batches.pop() if self.batches else None

    prepared = folder / f"{float_path.stem}-prepared.onnx"
    quant_pre_process(float_path, prepared, skip_symbolic_shape=True)
    # Without VNNI, 8-bit weights could saturate the 16-bit sums of vpmaddubsw; 7 bits take the same time.
    quantize_static(prepared, output, Images(image_shape(float_path)), per_channel=True, reduce_range=not has_vnni(),
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    quant_format=QuantFormat.QDQ if form == "qdq" else QuantFormat.QOperator)
    return output


def image_shape(path):
    import onnx

    dims = onnx.load(path, load_external_data=False).graph.input[0].type.tensor_type.shape.dim
    return [1] + [dim.dim_value for dim in dims[1:]]


def optimized_operators(path, folder):
    """How often each operator stands in the graph that ONNX Runtime really runs."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.optimized_model_filepath = str(folder / f"{path.stem}-optimized.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node)


def require_int8_convolutions(path, folder):
    """Every convolution runs on integers, with its bias, ReLU and scales fused; says how many there are."""
    operators = optimized_operators(path, folder)
    floats = {name: operators[name] for name in ("Conv", "FusedConv", "ConvInteger") if operators[name]}
    if floats or not operators["QLinearConv"]:
        raise SystemExit(f"{path}: ONNX Runtime does not run all its convolutions as QLinearConv: {dict(operators)}")
    return operators
