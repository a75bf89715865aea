"""Reads what synthesis must know of a cell library from a Liberty file: areas, flip-flops, capacitances, internal energies,
and which cells are adders."""

import itertools
import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}();:,]|[^\s{}();:,"]+')
ENERGY_GROUPS = ("rise_power", "fall_power")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


class LibertyError(Exception):
    pass


class Cell:
    def __init__(self, name):
        self.name = name
        self.area = None
        self.is_flop = False
        self.inputs = []
        self.outputs = {}  # pin -> function, as the file has it
        self.capacitance = {}  # input pin -> in the library's unit
        self.energies = []  # internal_power tables

    def truth_tables(self):
        """Pin -> its values over all inputs, or None where a function cannot be understood."""
        tables = {}
        for pin, function in self.outputs.items():
            rows = itertools.product((0, 1), repeat=len(self.inputs))
            try:
                tables[pin] = [evaluate(function, dict(zip(self.inputs, row))) for row in rows]
            except (LibertyError, KeyError):
                return None
        return tables


class EnergyTable:
    """Energy within a cell when `pin` rises or falls, by the load of the pin or by the slew of its input, or both."""

    def __init__(self, pin, rises, template):
        self.pin, self.rises, self.template = pin, rises, template
        self.axes, self.values = {}, []


def evaluate(function, values):
    """A Liberty expression: ! and ' invert, a space, * or & is and, + or | is or, ^ is exclusive or."""
    tokens = re.findall(r"[A-Za-z_]\w*|[01()!'*&+|^]", function)
    position = 0

    def peek():
        return tokens[position] if position < len(tokens) else None

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1]

    def factor():
        if peek() is None:
            raise LibertyError(function)
        token = take()
        if token == "!":
            return 1 - factor()
        if token == "(":
            value = either()
            if peek() != ")":
                raise LibertyError(function)
            take()
        else:
            value = int(token) if token in "01" else values[token]
        while peek() == "'":
            take()
            value = 1 - value
        return value

    def exclusive():
        value = factor()
        while peek() == "^":
            take()
            value ^= factor()
        return value

    def both():
        value = exclusive()
        while (token := peek()) is not None and token not in "+|)":
            if token in "*&":
                take()
            value &= exclusive()
        return value

    def either():
        value = both()
        while peek() is not None and peek() in "+|":
            take()
            value |= both()
        return value

    result = either()
    if position != len(tokens):
        raise LibertyError(function)
    return result


def numbers(argument):
    return [float(word) for word in re.findall(r"[-+\d.eE]+", argument)]


def read_cells(path):
    """All cells of a library by name. Raises LibertyError with a sentence on what is wrong."""
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise LibertyError(f"{path}: cannot be read: {error.strerror}") from None
    tokens = TOKEN.findall(COMMENT.sub(" ", text.replace("\\\n", " ")))
    if not tokens or tokens[0] != "library":
        raise LibertyError(f"{path}: is not a Liberty file; one begins with `library (NAME) {{`")
    cells, groups = {}, []  # groups: kinds from the outermost on
    cell = pin = table = None
    i = 0
    while i < len(tokens):
        word, following = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else ""
        if word == "}":
            if not groups:
                raise LibertyError(f"{path}: has a closing brace too many")
            kind = groups.pop()
            if kind == "cell":
                cells[cell.name], cell = cell, None
            elif kind == "pin":
                pin = None
            elif kind in ENERGY_GROUPS:
                table = None
            i += 1
        elif following == "(":
            end = tokens.index(")", i) if ")" in tokens[i : i + 4000] else None
            if end is None:
                raise LibertyError(f"{path}: an opening bracket behind '{word}' is never closed")
            argument = " ".join(tokens[i + 2 : end]).strip('" ')
            i = end + 1
            if i < len(tokens) and tokens[i] == "{":
                groups.append(word)
                i += 1
                if word == "cell":
                    cell = Cell(argument)
                elif word == "pin" and cell:
                    pin = argument
                elif word == "ff" and cell:
                    cell.is_flop = True
                elif word in ENERGY_GROUPS and cell and pin:
                    table = EnergyTable(pin, word == "rise_power", argument)
                    cell.energies.append(table)
            elif table and word in ("index_1", "index_2"):
                table.axes[word] = numbers(argument)
            elif table and word == "values":
                table.values = numbers(argument)
        elif following == ":":
            value = tokens[i + 2].strip('"') if i + 2 < len(tokens) else ""
            if cell and groups[-1] == "cell" and word == "area":
                cell.area = float(value)
            elif cell and pin and groups[-1] == "pin":
                if word == "direction" and value == "input":
                    cell.inputs.append(pin)
                elif word == "function":
                    cell.outputs[pin] = value
                elif word == "capacitance":
                    cell.capacitance[pin] = float(value)
            i += 3
        else:
            i += 1
    if groups:
        raise LibertyError(f"{path}: ends within a '{groups[-1]}' group; is the file whole?")
    if not any(c.is_flop for c in cells.values()):
        raise LibertyError(f"{path}: has no flip-flop, so nothing can be synthesised with it")
    return cells


def find_adder(cells, inputs):
    """The smallest cell that adds `inputs` (2 or 3) bits: (cell, sum pin, carry pin), or None."""
    rows = list(itertools.product((0, 1), repeat=inputs))
    total = [sum(row) % 2 for row in rows]
    carry = [int(sum(row) >= 2) for row in rows]
    found = []
    for cell in cells.values():
        if len(cell.inputs) != inputs or len(cell.outputs) != 2 or cell.is_flop or not cell.area:
            continue
        tables = cell.truth_tables()
        if not tables:
            continue
        pins = {"sum": [p for p, t in tables.items() if t == total], "carry": [p for p, t in tables.items() if t == carry]}
        if pins["sum"] and pins["carry"]:
            found.append((cell.area, cell.name, pins["sum"][0], pins["carry"][0]))
    if not found:
        return None
    _, name, sum_pin, carry_pin = min(found)
    return cells[name], sum_pin, carry_pin
