#!/usr/bin/env python3
"""Fits the clip coefficients of src/quant/weights.cc (SAWB, arXiv:1807.06964):

    alpha = c1 sqrt(E[w^2]) - c2 E|w|

For each distribution and level set the alpha of least mean squared error (MSE) is found numerically; a
least-squares line of alpha / E|w| over r = sqrt(E[w^2]) / E|w| then gives (c1, -c2). Takes seconds.

    tools/fit_sawb.py              the coefficients, beside the published ones, with what each costs in MSE
    tools/fit_sawb.py --samples    what the line, max|w| and their geometric mean cost on finite tensors
    tools/fit_sawb.py --cpp        the table as C++
"""
import argparse
import bisect
import math
import random

# Half-lines of symmetric densities: name -> (p(x) up to a factor, end of the support). "+" marks the held-out
# ones, which only judge the fit.
FITTED = {
    "gaussian": (lambda x: math.exp(-x * x / 2), 12.0),
    "laplace": (lambda x: math.exp(-x), 60.0),
    "logistic": (lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2, 60.0),
    "uniform": (lambda x: 1.0, 1.0),
    "triangular": (lambda x: 1 - x, 1.0),
    "von mises": (lambda x: math.exp(4 * (math.cos(x) - 1)), math.pi),
}
HELD_OUT = {
    "+exp(-x^4)": (lambda x: math.exp(-x**4), 3.0),
    "+exp(-x^1.5)": (lambda x: math.exp(-x**1.5), 25.0),
    "+student t6": (lambda x: (1 + x * x / 6) ** -3.5, 60.0),
}
# (c1, c2) of IBM's public code.
PUBLISHED = {("odd", 2): (3.12, 2.064), ("odd", 3): (7.509, 6.892), ("odd", 4): (12.68, 12.80),
             ("odd", 5): (17.74, 18.64), ("odd", 8): (31.76, 35.04),
             ("symmetric", 2): (2.6, 1.71), ("symmetric", 4): (12.035, 12.03)}
INTERVALS = 20000
SAMPLE_SIZES = (432, 9216, 147456)  # of convolutions of ResNet-20 and ResNet-18
GAUSS = ((-math.sqrt(0.6), 5 / 9), (0.0, 8 / 9), (math.sqrt(0.6), 5 / 9))


def levels_of(alpha, kind, bits):
    """The levels >= 0 of an odd or symmetric grid whose outermost level is alpha."""
    if kind == "odd":
        return [(j + 0.5) * 2 * alpha / (2**bits - 1) for j in range(2 ** (bits - 1))]
    return [j * alpha / (2 ** (bits - 1) - 1) for j in range(2 ** (bits - 1))]


class Distribution:
    """Integrals of p, x p and x^2 p over [0, x], tabulated and interpolated by cubic Hermite splines."""

    def __init__(self, density, end):
        self.end, self.h = end, end / INTERVALS
        tables = ([0.0], [0.0], [0.0])
        for i in range(INTERVALS):
            points = [((i + 0.5 + 0.5 * t) * self.h, w * self.h / 2) for t, w in GAUSS]
            weights = [(x, w * density(x)) for x, w in points]
            for n, table in enumerate(tables):
                table.append(table[-1] + sum(x**n * w for x, w in weights))
        total = 2 * tables[0][-1]
        self.tables = [[v / total for v in t] for t in tables]
        self.density = [density(i * self.h) / total for i in range(INTERVALS + 1)]
        self.mean_abs = 2 * self.tables[1][-1]
        self.mean_square = 2 * self.tables[2][-1]
        self.ratio = math.sqrt(self.mean_square) / self.mean_abs

    def integrals(self, x):
        """(integral of p, integral of x p) over [0, x]."""
        if x >= self.end:
            return self.tables[0][-1], self.tables[1][-1]
        i = min(int(x / self.h), INTERVALS - 1)
        t = x / self.h - i
        d0, d1 = self.density[i] * self.h, self.density[i + 1] * self.h
        result = []
        for n in range(2):
            a, b = self.tables[n][i], self.tables[n][i + 1]
            s0, s1 = d0 * (i * self.h) ** n, d1 * ((i + 1) * self.h) ** n
            result.append(a * (1 + 2 * t) * (1 - t) ** 2 + s0 * t * (1 - t) ** 2
                          + b * t * t * (3 - 2 * t) + s1 * t * t * (t - 1))
        return result

    def mse(self, alpha, kind, bits):
        # E[(x - q)^2] = E[x^2] - 2 sum q int(x p) + sum q^2 int(p), over the cells of the half-line.
        levels = levels_of(alpha, kind, bits)
        cuts = [(a + b) / 2 for a, b in zip(levels, levels[1:])]
        edges = [(0.0, 0.0)] + [self.integrals(c) for c in cuts] + [self.integrals(self.end)]
        half = self.mean_square / 2
        for q, low, high in zip(levels, edges, edges[1:]):
            half += q * q * (high[0] - low[0]) - 2 * q * (high[1] - low[1])
        return 2 * half

    def draw(self):
        """A random magnitude."""
        cumulative, u = self.tables[0], random.random() / 2
        i = min(max(bisect.bisect_left(cumulative, u), 1), INTERVALS)
        low, high = cumulative[i - 1], cumulative[i]
        return (i - 1 + (u - low) / (high - low)) * self.h

    def best_alpha(self, kind, bits):
        # A scan finds the valley, since a bounded density may have several; golden section finds its floor.
        rms = math.sqrt(self.mean_square)
        scan = [rms * (0.4 + 0.05 * i) for i in range(320)]
        costs = [self.mse(a, kind, bits) for a in scan]
        best = costs.index(min(costs))
        low, high = scan[max(best - 1, 0)], scan[min(best + 1, len(scan) - 1)]
        golden = (math.sqrt(5) - 1) / 2
        while high - low > 1e-7 * rms:
            a, b = high - golden * (high - low), low + golden * (high - low)
            if self.mse(a, kind, bits) < self.mse(b, kind, bits):
                high = b
            else:
                low = a
        return (low + high) / 2


class Sample:
    """A tensor of weights: the same quantities as of a distribution."""

    def __init__(self, magnitudes):
        self.sorted, self.sums = sorted(magnitudes), [0.0]
        for x in self.sorted:
            self.sums.append(self.sums[-1] + x)
        self.mean_abs = self.sums[-1] / len(self.sorted)
        self.mean_square = sum(x * x for x in self.sorted) / len(self.sorted)

    def mse(self, alpha, kind, bits):
        levels = levels_of(alpha, kind, bits)
        low, total = 0, 0.0
        for q, above in zip(levels, levels[1:] + [math.inf]):
            high = bisect.bisect_right(self.sorted, (q + above) / 2, low)
            total += q * q * (high - low) - 2 * q * (self.sums[high] - self.sums[low])
            low = high
        return self.mean_square + total / len(self.sorted)


def fit_line(points):
    """Least squares y = slope x + intercept."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    slope = sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
    return slope, my - slope * mx


def clip_level(distribution, kind, bits, c1, c2):
    """The line, but never below the optimum of a uniform distribution of the same variance."""
    rms = math.sqrt(distribution.mean_square)
    levels = 2**bits - (kind == "symmetric")
    return max(c1 * rms - c2 * distribution.mean_abs, math.sqrt(3) * (1 - 1 / levels) * rms)


def report_distributions(distributions, best, coefficients):
    """Per cent of MSE above the optimum with the fitted and the published coefficients."""
    print("r =", ", ".join(f"{name} {d.ratio:.4f}" for name, d in distributions.items()))
    for (kind, bits), (c1, c2) in coefficients.items():
        published = PUBLISHED.get((kind, bits))
        print(f"\n{kind} {bits} bits: c1 {c1:.3f}, c2 {c2:.3f}; published {published}")
        for name, d in distributions.items():
            rms, optimum = math.sqrt(d.mean_square), best[kind, bits][name]
            line = f"  {name:14s} alpha / rms: best {optimum / rms:6.3f}"
            for label, pair in (("fitted", (c1, c2)), ("published", published)):
                if pair:
                    alpha = clip_level(d, kind, bits, *pair)
                    excess = 100 * (d.mse(alpha, kind, bits) / d.mse(optimum, kind, bits) - 1)
                    line += f"; {label} {alpha / rms:6.3f} {excess:+6.1f}%"
            print(line)


def report_samples(distributions, coefficients):
    """Per cent of MSE above the least one, on samples: mean and worst over the distributions."""
    random.seed(1)
    draws = {name: d.draw for name, d in distributions.items()}
    draws["+gaussians of log-normal width"] = lambda: abs(random.gauss(0, math.exp(random.gauss(0, 0.5))))
    print("odd grids, per cent of MSE above the least: mean / worst over the distributions")
    for size in SAMPLE_SIZES:
        samples = [Sample([draw() for _ in range(size)]) for draw in draws.values()]
        for bits in range(4, 9):
            excess = {"line": [], "max|w|": [], "geometric mean": []}
            for sample in samples:
                largest = sample.sorted[-1]
                line = min(clip_level(sample, "odd", bits, *coefficients["odd", bits]), largest)
                tried = (line, largest, math.sqrt(line * largest))
                scan = tried + tuple(largest * 1.02**-i for i in range(120))
                least = min(sample.mse(alpha, "odd", bits) for alpha in scan)
                for costs, alpha in zip(excess.values(), tried):
                    costs.append(100 * (sample.mse(alpha, "odd", bits) / least - 1))
            print(f"{size:7d} weights, {bits} bits:",
                  ", ".join(f"{n} {sum(c) / len(c):5.1f} / {max(c):5.1f}" for n, c in excess.items()))


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--cpp", action="store_true", help="print the table as C++")
    parser.add_argument("--samples", action="store_true", help="judge on finite tensors")
    options = parser.parse_args()
    fitted = {name: Distribution(*d) for name, d in FITTED.items()}
    everything = fitted | {name: Distribution(*d) for name, d in HELD_OUT.items()}
    best, coefficients = {}, {}
    for kind in ("odd", "symmetric"):
        for bits in range(2, 9):
            best[kind, bits] = {name: d.best_alpha(kind, bits) for name, d in everything.items()}
            c1, intercept = fit_line([(d.ratio, best[kind, bits][n] / d.mean_abs) for n, d in fitted.items()])
            coefficients[kind, bits] = (c1, -intercept)

    if options.samples:
        report_samples(everything, coefficients)
    elif options.cpp:
        for kind in ("odd", "symmetric"):
            print(f"// {kind}, 2 to 8 bits")
            print(", ".join("{%.3f, %.3f}" % coefficients[kind, bits] for bits in range(2, 9)))
    else:
        report_distributions(everything, best, coefficients)


if __name__ == "__main__":
    main()
