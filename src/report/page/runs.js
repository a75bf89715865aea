"use strict";
// What follows from a run's files: the figures that tiles, tables and charts agree on.

// The bits of the layers between the first and the last, which by custom stay wider: "4", "2 to 8" or "float".
function innerBits(layers, field) {
  const all = layers.map((layer) => layer[field]).filter(isNumber);
  const inner = all.length > 2 ? all.slice(1, -1) : all;
  if (!inner.length) return "";
  const low = Math.min(...inner), high = Math.max(...inner);
  return low === high ? bits(low) : bits(low) + " to " + bits(high);
}

function fromSettings(settings, ...names) {
  const name = names.find((candidate) => settings[candidate] !== undefined);
  return name === undefined ? "" : isNumber(settings[name]) ? bits(settings[name]) : String(settings[name]);
}

// What quantizes the weights and the activations of a run: "weights by sawb, activations by pact", or "" of a float one.
function quantizersOf(layers, settings) {
  const schemes = (field) => [...new Set(layers.map((layer) => layer[field]))]
    .filter((name) => name && name !== "float" && name !== "pixels").join(", ");
  const set = (bits, name) => (isNumber(settings[bits]) && settings[bits] < 32 && settings[name]) || "";
  const by = (what, names) => names && `${what} by ${names}`;
  return [by("weights", layers.length ? schemes("weight_scheme") : set("weights", "weight_quantizer")),
          by("activations", layers.length ? schemes("activation_scheme") : set("activations", "activation_quantizer"))]
    .filter(Boolean).join(", ");
}

const sum = (values) => values.filter(isNumber).reduce((a, b) => a + b, 0);
const maximum = (values) => values.filter(isNumber).reduce((a, b) => Math.max(a, b), -Infinity);

// MACs times weight bits times activation bits: what an array of bit-serial multipliers would do.
const bitOperations = (layer) =>
  [layer.macs, layer.weight_bits, layer.activation_bits].every(isNumber)
    ? layer.macs * layer.weight_bits * layer.activation_bits : null;

function totalsOf(report) {
  const layers = report.layers || [];
  const totals = {...(report.totals || {})};
  for (const field of ["parameters", "macs", "bytes"])
    if (!isNumber(totals[field]) && layers.length) totals[field] = sum(layers.map((layer) => layer[field]));
  const operations = layers.map(bitOperations).filter(isNumber);
  totals.bitOperations = operations.length ? sum(operations) : null;
  totals.ratio = totals.bytes > 0 && isNumber(totals.float_bytes) ? totals.float_bytes / totals.bytes : null;
  return totals;
}

// Adds the derived figures to a run as it came from the files.
function studied(run, index) {
  const {metrics, report} = run;
  const about = run.run;
  const settings = about.settings || {};
  const layers = report.layers || [];
  const evaluated = metrics.filter((epoch) => isNumber(epoch.test_top1));
  const lost = metrics.find((epoch) => epoch.train_loss === null || epoch.test_loss === null);
  const notes = run.notes.slice();
  if (lost) notes.push(`From epoch ${lost.epoch} on, a loss was not a finite number; such points are gaps in the curves.`);
  return {
    ...run, index, about, settings, layers, notes,
    histograms: report.histograms || [],
    totals: totalsOf(report),
    network: about.network || "unnamed network",
    data: (about.dataset || "unknown data").split(":")[0],
    status: about.status || "unknown",
    weightBits: innerBits(layers, "weight_bits") || fromSettings(settings, "weights", "weight_bits", "weight-bits"),
    activationBits: innerBits(layers, "activation_bits") ||
                    fromSettings(settings, "activations", "activation_bits", "activation-bits"),
    quantizers: quantizersOf(layers, settings),
    last: metrics[metrics.length - 1],
    lastTest: evaluated[evaluated.length - 1],
    bestTest: evaluated.reduce((best, epoch) => (best && best.test_top1 >= epoch.test_top1 ? best : epoch), undefined),
    epochs: isNumber(Number(settings.epochs)) ? Number(settings.epochs) : null,
    seconds: metrics.length ? sum(metrics.map((epoch) => epoch.seconds)) : null,
    speed: median(metrics.map((epoch) => epoch.images_per_second)),
    color: index,
  };
}

function median(values) {
  const sorted = values.filter(isNumber).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const bitsInWords = (run) =>
  !run.weightBits && !run.activationBits ? ""
    : run.weightBits === "float" && run.activationBits === "float" ? "float"
    : `${run.weightBits || "?"}-bit weights, ${run.activationBits || "?"}-bit activations`.replaceAll("float-bit", "float");

// Sets of finished runs that differ in nothing but the seed and in where they were written, at least two in each.
function seedGroups(runs) {
  const groups = new Map();
  for (const run of runs.filter(({status, lastTest, settings}) => status === "finished" && lastTest && Object.keys(settings).length)) {
    const rest = Object.entries(run.settings).filter(([name]) => !/seed|threads|^out$|^checkpoint/.test(name));
    const key = JSON.stringify([run.network, run.about.dataset, run.weightBits, run.activationBits, rest.sort()]);
    groups.set(key, [...(groups.get(key) || []), run]);
  }
  const distinct = (group) => new Set(group.map((run) => run.about.seed)).size === group.length;
  return [...groups.values()].filter((group) => group.length > 1 && distinct(group));
}

// Mean and sample standard deviation.
function spread(values) {
  const mean = sum(values) / values.length;
  return {mean, deviation: Math.sqrt(sum(values.map((x) => (x - mean) ** 2)) / (values.length - 1))};
}
