"""The shortest clock period of a synthesised element within an array, by OpenSTA: cell delays and setup times of the
Liberty file at its typical corner, no wires. An element takes its operands from flip-flops of its neighbours, so inputs
come as late as its own outputs leave, which drive what its inputs load."""

import re
import shutil
import subprocess

PERIOD = 1000.0
CONTROL = {"clock", "clear", "load", "swap", "is_mode"}  # not fed by the outputs of a neighbour


class TimingError(Exception):
    pass


def has_sta():
    return shutil.which("sta") is not None


def slack(folder, lines, end):
    (folder / "timing.tcl").write_text("\n".join([*lines, f"report_checks -path_delay max {end} -digits 4", ""]))
    run = subprocess.run(["sta", "-no_splash", "-exit", "timing.tcl"], cwd=folder, capture_output=True, text=True)
    found = re.search(r"(-?[0-9.]+)\s+slack", run.stdout)
    if not found:
        raise TimingError(f"OpenSTA found no path: {(run.stderr or run.stdout).strip()[-500:]}")
    return float(found.group(1))


def delay_ns(folder, library, netlist):
    """Of the netlist in `folder`/timing.v, in the library's unit of time, which must be ns. Raises TimingError."""
    has_clock = "clock" in netlist.ports
    data = [bit for name, bits in netlist.bits_of("input").items() if name not in CONTROL for bit in bits]
    load = max((netlist.load(bit) for bit in data), default=0)
    clock = "[get_ports clock]" if has_clock else "-name clock"
    lines = [f"read_liberty {library}", "read_verilog timing.v", f"link_design {netlist.top}",
             f"create_clock {'-name clock ' if has_clock else ''}-period {PERIOD} {clock}",
             f"set_load {load} [all_outputs]", "set_output_delay 0 -clock clock [all_outputs]"]
    late = "set_input_delay {} -clock clock [get_ports {{{}}}]"
    inputs = " ".join(name + ("_*" if len(bits) > 1 else "") for name, bits in netlist.bits_of("input").items()
                      if name not in ("clock", "is_mode"))
    leaving = PERIOD - slack(folder, lines, "-to [all_outputs]") if has_clock else 0
    return round(PERIOD - slack(folder, [*lines, late.format(round(leaving, 4), inputs)], ""), 3)
