"""A synthesised circuit, as yosys writes it in JSON: its cells, and what every net is loaded with."""

import json


class Netlist:
    def __init__(self, path, top, cells):
        module = json.loads(path.read_text())["modules"][top]
        self.top = top
        self.ports = module["ports"]
        self.names = {name: entry["bits"] for name, entry in module["netnames"].items()}
        self.drivers, self.sinks = {}, {}  # bit -> (cell, pin); bit -> list of them
        for instance in module["cells"].values():
            cell = cells[instance["type"]]
            for pin, (bit,) in instance["connections"].items():
                if pin in cell.outputs:
                    self.drivers[bit] = (cell, pin)
                else:
                    self.sinks.setdefault(bit, []).append((cell, pin))

    def load(self, bit):
        """Capacitance of the pins on a net; there are no wires."""
        return sum(cell.capacitance.get(pin, 0) for cell, pin in self.sinks.get(bit, []))

    def bits_of(self, direction):
        return {name: port["bits"] for name, port in self.ports.items() if port["direction"] == direction}
