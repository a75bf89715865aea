"use strict";
// The tables of the page.

const scrollable = (table, more) => el("div", {class: "scroll " + (more || ""), tabindex: 0}, table);
const number = (text, more) => el("td", {class: "number " + (more || "")}, text);

function headRow(columns) {
  return el("thead", {}, el("tr", {}, columns.map(([title, hint]) =>
    el("th", {scope: "col", class: hint === "text" ? "" : "number", title: hint === "text" ? "" : hint}, title))));
}

const statusMark = {finished: "✓", running: "▸", interrupted: "‖", failed: "✕"};
function statusText(run) {
  const done = run.last ? run.last.epoch : 0;
  const place = run.epochs && run.status !== "finished" ? ` at epoch ${done} of ${run.epochs}` : "";
  return `${statusMark[run.status] || "?"} ${run.status === "unknown" ? "status unknown" : run.status}${place}`;
}

const epochsDone = (run) =>
  !run.last ? NONE : run.epochs && run.epochs !== run.last.epoch ? `${run.last.epoch} of ${run.epochs}` : String(run.last.epoch);

// One line per run, the first one being what the others are measured against.
function comparisonTable(runs) {
  const base = runs[0].lastTest;
  const best = maximum(runs.map((run) => run.lastTest && run.lastTest.test_top1));
  const named = ["network", "data"].filter((field) => runs.some((run) => run[field] !== runs[0][field]));
  if (new Set(runs.map((run) => run.quantizers).filter(Boolean)).size > 1) named.push("quantizers");
  const columns = [["run", "text"], ...named.map((field) => [field, "text"]),
                   ["W / A", "bits of weights and activations between the first and the last layer"],
                   ["top-1", "of the last evaluation, on test data"], ["to first", "difference in points to the first run"],
                   ["best", "best of all evaluations, on test data"], ["loss", "of the last evaluation, on test data"],
                   ["size"], ["to float", "how many times smaller"], ["bit ops", "MACs × weight bits × activation bits"],
                   ["epochs"], ["time"], ["seed"], ["status", "text"]];
  const names = (run) => named.map((field) => el("td", {}, run[field]));
  const widths = (run) => number(run.weightBits === "float" && run.activationBits === "float"
    ? "float" : `${run.weightBits || NONE} / ${run.activationBits || NONE}`);
  const row = (run) => {
    const last = run.lastTest || {};
    return el("tr", {}, el("th", {scope: "row"}, swatch(`var(--run-${run.index})`), run.label), names(run), widths(run),
              number(percent(last.test_top1), last.test_top1 === best ? "best" : ""),
              number(run.index && base ? signed(last.test_top1 - base.test_top1, 2) : NONE),
              number(percent(run.bestTest && run.bestTest.test_top1)), number(fixed(last.test_loss, 3)),
              number(bytes(run.totals.bytes)), number(times(run.totals.ratio)), number(count(run.totals.bitOperations)),
              number(epochsDone(run)), number(duration(run.seconds)),
              number(isNumber(run.about.seed) ? String(run.about.seed) : NONE),
              el("td", {class: run.status}, `${statusMark[run.status] || "?"} ${run.status}`));
  };
  const groupRow = (group) => {
    const figures = (which) => {
      const {mean, deviation} = spread(group.map((run) => run[which].test_top1));
      return `${fixed(mean, 2)} ± ${fixed(deviation, 2)}`;
    };
    return el("tr", {class: "mean"}, el("th", {scope: "row"}, "mean ± s.d."), names(group[0]), widths(group[0]),
              number(figures("lastTest")), number(""), number(figures("bestTest")),
              el("td", {colspan: 9}, `over ${group.length} seeds: ` + group.map((run) => run.label).join(", ")));
  };
  return scrollable(el("table", {}, headRow(columns),
                       el("tbody", {}, runs.map(row), seedGroups(runs).map(groupRow))), "compact");
}

// Every epoch in figures.
function epochTable(run) {
  const columns = [["epoch"], ["learning rate"], ["train loss"], ["train top-1"], ["test loss"], ["test top-1"],
                   ["seconds"], ["images/s"]];
  const row = (epoch) =>
    el("tr", {}, number(String(epoch.epoch)), number(short(epoch.lr)), number(fixed(epoch.train_loss, 4)),
       number(percent(epoch.train_top1)), number(fixed(epoch.test_loss, 4)),
       number(percent(epoch.test_top1), epoch === run.bestTest ? "best" : ""), number(fixed(epoch.seconds, 1)),
       number(whole(epoch.images_per_second)));
  return scrollable(el("table", {}, headRow(columns), el("tbody", {}, run.metrics.map(row))), "tall");
}

// The last row counts what belongs to no layer too, such as batch norm, and so may exceed the sum.
function layerTable(run) {
  const columns = [["layer", "text"], ["operation", "text"], ["output", "text"], ["weights", "bits and scheme"],
                   ["activations", "bits and scheme of the input"], ["parameters"], ["MACs", "the bar: as a part of the largest"],
                   ["bytes", "the bar: as a part of the largest"]];
  const {totals} = run;
  const share = (field, layer, text) => {
    const cell = number(text, "share"), largest = maximum(run.layers.map((other) => other[field]));
    if (isNumber(layer[field]) && largest > 0)
      cell.style.setProperty("--share", (70 * layer[field] / largest).toFixed(1) + "%");
    return cell;
  };
  const grid = (width, scheme) => number(bits(width) + (scheme && width < 32 ? " " + scheme : ""));
  const row = (layer) =>
    el("tr", {}, el("th", {scope: "row"}, layer.name), el("td", {}, layer.op || NONE), el("td", {}, layer.output || NONE),
       grid(layer.weight_bits, layer.weight_scheme), grid(layer.activation_bits, layer.activation_scheme),
       number(whole(layer.parameters)), share("macs", layer, count(layer.macs)),
       share("bytes", layer, whole(layer.bytes)));
  const foot = el("tfoot", {}, el("tr", {}, el("th", {scope: "row"}, "whole network"), el("td", {colspan: 4}),
                                  number(whole(totals.parameters)), number(count(totals.macs)),
                                  number(whole(totals.bytes))));
  return scrollable(el("table", {}, headRow(columns), el("tbody", {}, run.layers.map(row)), foot));
}

const settingText = (value) =>
  (Array.isArray(value) ? value.join(", ") : String(value === null || value === undefined ? "" : value)) || NONE;

// Names and values in two columns.
function pairTable(pairs) {
  const rows = pairs.map(([name, value]) => el("tr", {}, el("th", {scope: "row"}, name), el("td", {}, settingText(value))));
  return scrollable(el("table", {class: "settings"}, el("tbody", {}, rows)));
}

function factTable(run) {
  const about = run.about;
  return pairTable([["network", about.network], ["data", about.dataset], ["quantizers", run.quantizers || undefined],
                    ["seed", about.seed], ["threads", about.threads],
                    ["processes", about.processes], ["machine", about.machine], ["precision", about.precision],
                    ["started", about.started], ["last written", about.updated], ["version", about.version]]
    .filter(([, value]) => value !== undefined));
}

// The settings in which the runs differ, a column per run; nothing when they agree in all.
function differenceTable(runs) {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.settings)))];
  const differing = names.filter((name) => new Set(runs.map((run) => JSON.stringify(run.settings[name]))).size > 1);
  if (!differing.length) return undefined;
  const head = el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "setting"),
                                  runs.map((run) => el("th", {scope: "col"}, run.label))));
  const row = (name) => el("tr", {}, el("th", {scope: "row"}, name),
                           runs.map((run) => el("td", {}, settingText(run.settings[name]))));
  return scrollable(el("table", {class: "settings"}, head, el("tbody", {}, differing.map(row))));
}
