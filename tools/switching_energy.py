"""The energy of a synthesised element a cycle, from what its nets really do: the netlist is simulated with the delays of
its cells (Icarus Verilog), so that glitches count, on random operands. Each rise and fall of a net costs C V^2 / 2 for the
pins that it drives, and what the Liberty file says of the cell that drives it and of the pins that it enters; the clock
enters the clock pins. No wires, no clock tree, no leakage."""

import re
import shutil
import subprocess

CYCLES = 600
WARM_UP = 16  # cycles in which registers get their first values
PERIOD_NS = 60
STATIONARY = 64  # cycles that a weight stays, and products that an accumulator adds up
SLEW_NS = 0.2  # of every input


class SimulationError(Exception):
    pass


def has_simulator():
    return shutil.which("iverilog") is not None


def stimulus(netlist):
    """What each input does in a cycle: codes are uniform, what comes from above is the sum of eight other products."""
    lines = []
    for name, bits in netlist.bits_of("input").items():
        width = len(bits)
        draw = "{" + ", ".join(["$random(seed)"] * ((width + 31) // 32)) + "}"
        if name in ("load", "swap"):
            lines.append(f"{name} = cycle % {STATIONARY} == 0 || cycle < 4;")
        elif name == "clear":
            lines.append(f"clear = cycle % {STATIONARY} == 0 || cycle < 4;")
        elif name in ("addend", "partial_in"):
            a, w = (len(netlist.ports[n]["bits"]) for n in operands(netlist))
            lines.append(f"{name} = 0; for (i = 0; i < 8; i = i + 1) begin x = {{$random(seed)}} & ((64'd1 << {min(a, 30)}) - 1);"
                         f" y = {{$random(seed)}} & ((64'd1 << {min(w, 30)}) - 1); {name} = {name} + x * y; end")
        elif name == "weight_in" or name == "weight" and "addend" in netlist.ports:
            lines.append(f"if (cycle % {STATIONARY} == 0) {name} = {draw};")
        elif name != "clock":
            lines.append(f"{name} = {draw};")
    return lines


def operands(netlist):
    names = netlist.bits_of("input")
    return next(n for n in names if n.startswith("activation")), next(n for n in names if n.startswith("weight"))


def bench(netlist, cycles):
    ports, lines = [], []
    for name, port in netlist.ports.items():
        kind = "reg" if port["direction"] == "input" else "wire"
        lines.append(f"  {kind} [{len(port['bits']) - 1}:0] {name};")
        ports.append(f".{name}({name})")
    moves = "\n      ".join(stimulus(netlist))
    tick = f"clock = 1; #{PERIOD_NS // 2} clock = 0;" if "clock" in netlist.ports else f"#{PERIOD_NS // 2};"
    return "\n".join([
        "`timescale 1ns/10ps", "module bench;", *lines, "  integer cycle, i, seed;", "  reg [63:0] x, y;",
        f"  {netlist.top} element ({', '.join(ports)});", "  initial begin", "    seed = 20261129;",
        f"    for (cycle = 0; cycle < {cycles + WARM_UP}; cycle = cycle + 1) begin",
        f"      if (cycle == {WARM_UP}) begin $dumpfile(\"activity.vcd\"); $dumpvars(1, element); end",
        f"      {tick}", f"      {moves}", f"      #{PERIOD_NS - PERIOD_NS // 2};", "    end", "    $finish;", "  end", "endmodule", ""])


def changes(path, names):
    """Bit -> [rises, falls]. A net has several names; one of them is enough."""
    widths, counts, state = {}, {}, {}
    taken = set()
    with path.open() as lines:
        for line in lines:
            words = line.split()
            if words and words[0] == "$var":
                name = words[4].lstrip("\\")
                bits = [bit for bit in names.get(name, []) if isinstance(bit, int)]
                if words[3] in widths or not bits or taken.issuperset(bits):
                    continue
                widths[words[3]] = names[name]
                taken.update(bits)
            elif line[0] in "01xz" and line[1:].strip() in widths:
                step(widths[line[1:].strip()], line[0], counts, state)
            elif line[0] == "b" and words[1] in widths:
                bits = widths[words[1]]
                fill = "x" if words[0][1] == "x" else "0"
                step(bits, words[0][1:].rjust(len(bits), fill)[::-1], counts, state)
    return counts


def step(bits, values, counts, state):
    for bit, value in zip(bits, values):
        before = state.get(bit)
        if before != value and before in ("0", "1") and value in ("0", "1"):
            counts.setdefault(bit, [0, 0])[value == "0"] += 1
        state[bit] = value


def internal_pj(cell, pin, rises, load, axes):
    """Mean over the inputs that may have caused it, at a slew of 0.2 ns; 0 where the library has no table."""
    found = [lookup(t, load, axes) for t in cell.energies if t.pin == pin and t.rises == rises and t.values]
    return sum(found) / len(found) if found else 0.0


def lookup(table, load, axes):
    at = {"load": load, "slew": SLEW_NS}
    kinds = axes.get(table.template, ["slew"])
    first = interpolate(table.axes.get("index_1", [0]), at[kinds[0]])
    second = interpolate(table.axes["index_2"], at[kinds[1]]) if "index_2" in table.axes else [(0, 1.0)]
    columns = len(table.axes.get("index_2", [0]))
    return sum(u * v * table.values[i * columns + j] for i, u in first for j, v in second)


def interpolate(axis, x):
    x = min(max(x, axis[0]), axis[-1])
    i = max(0, min(len(axis) - 2, sum(a <= x for a in axis) - 1))
    if len(axis) == 1:
        return [(0, 1.0)]
    part = (x - axis[i]) / (axis[i + 1] - axis[i])
    return [(i, 1 - part), (i + 1, part)]


def energy_pj(folder, models, netlist, units, products):
    """Of one product, for the netlist in `folder`/netlist.v. Raises SimulationError."""
    cycles = max(100, CYCLES // products)
    (folder / "bench.v").write_text(bench(netlist, cycles))
    compiled = subprocess.run(["iverilog", "-g2005", "-gspecify", "-o", "bench.vvp", "bench.v", "netlist.v", str(models)],
                              cwd=folder, capture_output=True, text=True)
    if compiled.returncode != 0:
        raise SimulationError(f"Icarus Verilog cannot simulate the netlist: {compiled.stderr.strip()[-500:]}")
    subprocess.run(["vvp", "-n", "bench.vvp"], cwd=folder, capture_output=True, text=True, check=True)
    total = 0.0
    for bit, (rises, falls) in changes(folder / "activity.vcd", netlist.names).items():
        load = netlist.load(bit)
        total += (rises + falls) * load * units.capacitance_pf * units.voltage**2 / 2
        ends = netlist.sinks.get(bit, []) + ([netlist.drivers[bit]] if bit in netlist.drivers else [])
        for cell, pin in ends:
            total += rises * internal_pj(cell, pin, True, load, units.axes) * units.energy_pj
            total += falls * internal_pj(cell, pin, False, load, units.axes) * units.energy_pj
    return round(total / cycles / products, 3)


class PowerUnits:
    """What numbers of a Liberty file stand for, and what its tables of energy are over."""

    def __init__(self, capacitance_pf, voltage, axes):
        self.capacitance_pf, self.voltage, self.axes = capacitance_pf, voltage, axes
        self.energy_pj = capacitance_pf  # internal_power is in units of capacitance times V^2


def power_units(text):
    """Of a Liberty file's text; None where it does not tell."""
    load = re.search(r"capacitive_load_unit\s*\(\s*\"?([0-9.]+)\"?\s*,\s*\"?([pf]f)\"?\s*\)", text, re.I)
    volts = re.search(r"nom_voltage\s*:\s*\"?([0-9.]+)", text)
    if not load or not volts:
        return None
    axes = {}
    for name, body in re.findall(r"power_lut_template\s*\(\s*\"?(\w+)\"?\s*\)\s*\{([^}]*)\}", text):
        kinds = re.findall(r"variable_[12]\s*:\s*\"?(\w+)", body)
        axes[name] = ["load" if "capacitance" in kind else "slew" for kind in kinds]
    return PowerUnits(float(load.group(1)) * {"pf": 1.0, "ff": 1e-3}[load.group(2).lower()], float(volts.group(1)), axes)
