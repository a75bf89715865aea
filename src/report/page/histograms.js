"use strict";
// Small multiples of the distributions, each with the levels of its grid: vector drawings, since there may be a
// hundred of them and they should print sharply.

const PLOT = {width: 240, height: 72};

// The share of the values beyond the outermost levels. What a ReLU or a clip at zero removes is no loss of range,
// so of activations only the upper end counts.
function clippedShare(histogram, total) {
  const {low, high, counts, levels} = histogram;
  const width = (high - low) / counts.length;
  let outside = 0;
  counts.forEach((n, i) => {
    const from = low + i * width;
    outside += n * Math.min(Math.max((from + width - levels[levels.length - 1]) / width, 0), 1);
    if (histogram.kind === "weight") outside += n * Math.min(Math.max((levels[0] - from) / width, 0), 1);
  });
  return outside / total;
}

// Entropy of the codes in bits; nothing where the bins are too coarse to tell levels apart.
function codeEntropy(histogram, total) {
  const {low, high, counts, levels} = histogram;
  const width = (high - low) / counts.length;
  if (levels.length < 2 || width > (levels[levels.length - 1] - levels[0]) / (levels.length - 1)) return null;
  const taken = new Array(levels.length).fill(0);
  let level = 0;
  counts.forEach((n, i) => {
    const center = low + (i + 0.5) * width;
    while (level + 1 < levels.length && Math.abs(levels[level + 1] - center) < Math.abs(levels[level] - center)) ++level;
    taken[level] += n;
  });
  return taken.reduce((entropy, n) => (n > 0 ? entropy - (n / total) * Math.log2(n / total) : entropy), 0);
}

// What is written under a histogram, a list of short texts.
function figuresOf(histogram, total) {
  const levels = histogram.levels;
  if (!levels.length) return ["float, no grid"];
  const clipped = clippedShare(histogram, total);
  const entropy = codeEntropy(histogram, total);
  return [`${levels.length} levels`,
          clipped > 0.0005 ? `${fixed(100 * clipped, 1)} % clipped` : "nothing clipped",
          ...(entropy === null ? [] : [`entropy ${fixed(entropy, 1)} of ${short(Math.log2(levels.length))} bit`])];
}

function barsPath(histogram, at, top) {
  const {low, high, counts} = histogram;
  const width = (high - low) / counts.length;
  const y = (n) => (PLOT.height * (1 - Math.min(n / top, 1))).toFixed(1);
  const steps = counts.map((n, i) => `V${y(n)}H${at(low + (i + 1) * width).toFixed(1)}`);
  return `M${at(low).toFixed(1)} ${PLOT.height}${steps.join("")}V${PLOT.height}Z`;
}

function levelMarks(levels, at) {
  const from = at(levels[0]), to = at(levels[levels.length - 1]);
  const thin = {stroke: "var(--ink)", "stroke-width": 1, "vector-effect": "non-scaling-stroke"};
  // Lines closer than this would merge into a block over the bars; a band under them says where the grid lies.
  if (levels.length > 1 && (to - from) / (levels.length - 1) < 3)
    return [el("rect", {x: from, width: to - from, y: PLOT.height + 1.5, height: 4, fill: "var(--ink)", opacity: 0.6}),
            ...[from, to].map((x) => el("line", {x1: x, x2: x, y1: 0, y2: PLOT.height + 5.5, opacity: 0.6, ...thin}))];
  return levels.map((level) =>
    el("line", {x1: at(level), x2: at(level), y1: 0, y2: PLOT.height + 4, opacity: 0.45, ...thin}));
}

function histogramFigure(histogram) {
  const {low, high, counts} = histogram;
  const levels = (histogram.levels || []).filter(isNumber).sort((a, b) => a - b);
  const sorted = {...histogram, levels};
  const total = sum(counts);
  if (!(high > low) || !(total > 0))
    return el("figure", {class: "histogram"}, el("figcaption", {}, histogram.name),
              el("p", {class: "figures"}, "no values"));
  const first = Math.min(low, ...levels), last = Math.max(high, ...levels);
  const margin = 0.015 * (last - first);
  const share = (x) => (x - first + margin) / (last - first + 2 * margin);
  const at = (x) => PLOT.width * share(x);

  // A ReLU leaves most activations at zero; that one bar is cut and its share written, so that the rest can be seen.
  const peak = maximum(counts), peakBin = counts.indexOf(peak);
  const second = maximum(counts.filter((_, i) => i !== peakBin));
  const cut = second > 0 && peak > 2.5 * second;
  const top = cut ? 1.25 * second : 1.05 * peak;
  const peakAt = share(low + (peakBin + 0.5) * (high - low) / counts.length);

  const fill = histogram.kind === "weight" ? "var(--weights)" : "var(--activations)";
  const drawing = el("svg", {viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, preserveAspectRatio: "none", role: "img",
                             "aria-label": `Distribution of ${histogram.name}: ${figuresOf(sorted, total).join(", ")}`},
                     el("path", {d: barsPath(histogram, at, top), fill}), levels.length ? levelMarks(levels, at) : []);
  const mark = cut && el("span", {class: "peak"}, `↑ ${fixed(100 * peak / total, 0)} %`);
  if (mark) mark.style[peakAt < 0.6 ? "left" : "right"] = `${100 * (peakAt < 0.6 ? peakAt : 1 - peakAt) + 2}%`;
  const zero = el("span", {}, first < 0 && share(0) > 0.15 && share(0) < 0.85 ? "0" : "");
  zero.style.left = 100 * share(0) + "%";
  return el("figure", {class: "histogram"}, el("figcaption", {}, histogram.name),
            el("div", {class: "plot"}, drawing, mark || undefined),
            el("div", {class: "axis"}, el("span", {}, short(first)), zero, el("span", {}, short(last))),
            el("p", {class: "figures"}, figuresOf(sorted, total).map((part) => el("span", {}, part))));
}

function histogramsOf(run) {
  const kinds = [["weight", "Weights"], ["activation", "Activations"]];
  return kinds.flatMap(([kind, title]) => {
    const those = run.histograms.filter((histogram) => histogram.kind === kind);
    return those.length ? [el("h3", {}, title), el("div", {class: "histograms"}, those.map(histogramFigure))] : [];
  });
}
