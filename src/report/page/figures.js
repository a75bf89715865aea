"use strict";
// The figures of a sweep. Each is drawn when the runs differ in what it shows: accuracy against bits for every scheme,
// alpha over the epochs, the effect of its penalty, the precision of the first and last layer, and accuracy against any
// other axis.

const isFloat = (one) => one.settings.weights === 32 && one.settings.activations === 32;
const distinct = (values) => [...new Set(values)];
const settingOf = (one, name) => (Array.isArray(one.settings[name]) ? one.settings[name].join(",") : one.settings[name]);
const bitsText = ({settings}) =>
  isFloat({settings}) ? "float" : settings.weights === settings.activations ? countedBits(settings.weights)
                                                                            : `${bits(settings.weights)} / ${bits(settings.activations)} bits`;

// What to call the curve that a group lies on: where it stands on the axes that are not drawn, and its schemes, as far
// as the groups differ in them.
function curveName(group, groups, drawn) {
  const parts = [];
  const skipped = new Set([...drawn, "seed", "bits", "weights", "activations"]);
  for (const name of ["network", "data"])
    if (!skipped.has(name) && distinct(groups.map((one) => one[name])).length > 1) parts.push(group[name]);
  const scheme = ["activation_quantizer", "weight_quantizer"];
  for (const name of scheme)
    if (!skipped.has(name) && distinct(groups.filter((one) => !isFloat(one)).map((one) => one.settings[name])).length > 1)
      parts.push(group.settings[name] + (name === scheme[1] ? " weights" : ""));
  for (const [name, label] of Object.entries(group.axes))
    if (!skipped.has(name) && ![...scheme, "network", "data"].includes(name) &&
        distinct(groups.map((one) => one.axes[name])).length > 1)
      parts.push(group.settings[name] === undefined ? label : `${name} ${label}`);
  if (!drawn.includes("bits") && distinct(groups.map(bitsText)).length > 1) parts.push(bitsText(group));
  return parts.join(", ");
}

// Axes that only say otherwise what is drawn, label for value.
const synonyms = (groups, valueOf) =>
  distinct(groups.flatMap((group) => Object.keys(group.axes))).filter((name) => {
    const pairs = distinct(groups.map((group) => JSON.stringify([group.axes[name], valueOf(group)])));
    const labels = distinct(groups.map((group) => group.axes[name]));
    return labels.length > 1 && labels.length === pairs.length && labels.length === distinct(groups.map(valueOf)).length;
  });

// Curves over x; a ring for every single run where there are several. Lone points are left out beside curves.
function curvesOver(groups, drawn, xOf, figureOf, rowFigureOf) {
  const names = distinct(groups.map((group) => curveName(group, groups, drawn)));
  return names.flatMap((name, i) => {
    const own = groups.filter((group) => curveName(group, groups, drawn) === name);
    const single = own.flatMap((group) => group.rows.length < 2 ? [] : group.rows.map((row) => ({x: xOf(group), y: rowFigureOf(rowNamed(row))})));
    const line = own.map((group) => ({x: xOf(group), y: figureOf(group), group})).filter((point) => isNumber(point.y)).sort((a, b) => a.x - b.x);
    const label = name || "all";
    return [{label, key: label, points: line, color: () => seriesColor(i)},
            ...(single.length ? [{label: label + ", single runs", key: label, marks: "ring", points: single.filter((p) => isNumber(p.y)), color: () => seriesColor(i)}] : [])];
  }).filter((one, _, all) => one.points.length > 1 || (one.points.length && !all.some((other) => !other.marks && other.points.length > 1)));
}

const meanOf = (which) => (group) => (group[which] ? group[which].mean : null);
const spreadText = (spread) => (!spread ? NONE : isNumber(spread.deviation)
  ? `${fixed(spread.mean, 2)} ± ${fixed(spread.deviation, 2)} % (${spread.count} seeds)` : percent(spread.mean));

// A figure of accuracy over values that need not be numbers, in order.
function accuracyOver(recipe, groups, drawn, valueOf, order) {
  const values = distinct(groups.map(valueOf));
  if (values.length < 2) return undefined;
  values.sort(order);
  const xOf = (group) => values.indexOf(valueOf(group));
  const view = {which: "top1"}, skipped = [...drawn, ...synonyms(groups, valueOf)];
  const choose = () => {
    full.series = curvesOver(groups, skipped, xOf, meanOf(view.which), (row) => row[view.which]);
    for (const [name, y] of recipe.lines || [])
      full.series.push({label: name, key: name, dashed: true, color: () => seriesColor(6), points: [{x: 0, y}, {x: values.length - 1, y}]});
  };
  const full = {xTicks: (x) => (Number.isInteger(x) && values[x] !== undefined ? String(values[x]) : ""), xMin: -0.2, xMax: values.length - 0.8,
                format: percent, tick: (y) => short(y) + " %", height: "high", ...recipe,
                interaction: {mode: "nearest", axis: "xy", intersect: false},
                tooltipTitle: (items) => (items.length ? String(values[Math.round(items[0].parsed.x)]) : ""),
                tooltipLabel: (item) => ` ${item.dataset.label}: ` + (item.raw.group ? spreadText(item.raw.group[view.which]) : percent(item.parsed.y))};
  choose();
  if (!full.series.length) return undefined;
  full.summary = full.series.map((one) => `${one.label}: ${one.points.map((p) => `${percent(p.y)} at ${values[p.x]}`).join(", ")}`).join("; ");
  const drawing = keyedFigure(full);
  if (groups.some((group) => group.integer_top1)) {
    const select = el("select", {onchange: () => { view.which = select.value; choose(); draw(full); }},
                      el("option", {value: "top1"}, "fake-quantized, as trained"), el("option", {value: "integer_top1"}, "integers, in the engine"));
    drawing.prepend(el("div", {class: "controls"}, el("label", {}, "Accuracy of the network of ", select)));
  }
  return drawing;
}

const swatches = [];
function keyedFigure(recipe) {
  const drawing = figure(recipe);
  const item = (one) => {
    const mark = swatch("inherit", one.dashed);
    swatches.push(() => { mark.style.color = one.color(); });
    return el("li", {}, mark, one.label);
  };
  drawing.append(el("ul", {class: "keys"}, recipe.series.filter((one) => one.marks !== "ring").map(item)));
  return drawing;
}

const byNumber = (a, b) => (isNumber(Number(a)) && isNumber(Number(b)) ? Number(a) - Number(b) : String(a) < String(b) ? -1 : 1);

function bitsFigure() {
  const known = groups.filter((group) => !isFloat(group) && group.settings.weights === group.settings.activations);
  const lines = groups.filter((group) => isFloat(group) && group.top1).map((group) => [known.length && groups.filter(isFloat).length > 1 ? group.name : "float", group.top1.mean]);
  return accuracyOver({title: "Accuracy against bits", hint: "mean over seeds; rings: single runs", xTitle: "bits of weights and activations", lines},
                      known, ["bits"], (group) => group.settings.weights, byNumber);
}

const PENALTY = "alpha_decay";
const alphasOf = (row) => { const last = row.curve.filter((point) => point.alpha).pop(); return last ? Object.values(last.alpha).filter(isNumber) : []; };
const average = (values) => (values.length ? sum(values) / values.length : null);

function penaltyFigures() {
  const known = groups.filter((group) => !isFloat(group));
  const values = distinct(known.map((group) => settingOf(group, PENALTY))).sort(byNumber);
  if (values.length < 2) return [];
  const accuracy = accuracyOver({title: "Effect of the penalty on alpha", hint: "lambda of lambda alpha²", xTitle: "lambda"}, known, [PENALTY],
                                (group) => settingOf(group, PENALTY), byNumber);
  const names = distinct(known.map((group) => curveName(group, known, [PENALTY])));
  const series = known.flatMap((group) => group.rows.map((name) => ({group, row: rowNamed(name)}))).filter(({row}) => alphasOf(row).length).map(({group, row}) => {
    const i = values.indexOf(settingOf(group, PENALTY));
    return {label: `lambda ${settingOf(group, PENALTY)}, ${row.name}`, dashed: names.indexOf(curveName(group, known, [PENALTY])) > 0,
            color: () => rampColor(values.length > 1 ? i / (values.length - 1) : 0),
            points: points(row.curve, (point) => (point.alpha ? average(Object.values(point.alpha)) : undefined))};
  });
  const alphas = series.length && keyedFigure({title: "Mean alpha under the penalty", hint: "over all quantizers; from violet to yellow: lambda rising",
    format: short, fromZero: true, height: "high", interaction: {mode: "nearest", axis: "xy", intersect: false}, series, summary: `${series.length} runs`});
  return [accuracy, alphas].filter(Boolean);
}

function endsFigure() {
  const known = groups.filter((group) => !isFloat(group));
  const ends = (group) => `${bits(group.settings.first_layer)} / ${bits(group.settings.last_layer)}`;
  return accuracyOver({title: "Precision of the first and last layer", hint: "bits of first / last; higher is safer", xTitle: "bits of the first / last layer"},
                      known, ["first_layer", "last_layer"], ends, (a, b) => byNumber(a.split(" / ")[0].replace("float", 32), b.split(" / ")[0].replace("float", 32)) || byNumber(a, b));
}

// Any other setting that is an axis.
function otherFigures(hasBits) {
  const shown = ["bits", "weights", "activations", "seed", PENALTY, "first_layer", "last_layer", ...(hasBits ? ["activation_quantizer", "weight_quantizer"] : [])];
  const names = distinct(groups.flatMap((group) => Object.keys(group.axes))).filter((name) => !shown.includes(name));
  return names.map((name) => accuracyOver({title: "Accuracy against " + name.replaceAll("_", " "), xTitle: name},
    groups.filter((group) => group.axes[name] !== undefined), [name], (group) => group.axes[name], byNumber)).filter(Boolean);
}

// Alpha of every quantizer over the epochs, of a run to be chosen.
function alphaFigure() {
  const known = rows.filter((row) => alphasOf(row).length);
  if (!known.length) return undefined;
  const recipe = {title: "Alpha over the epochs", hint: "layers from violet to yellow", format: short, fromZero: true, height: "high", series: [],
                  interaction: {mode: "nearest", axis: "xy", intersect: false}};
  const choose = (row) => {
    const names = distinct(row.curve.flatMap((point) => Object.keys(point.alpha || {})));
    recipe.series = names.map((name, i) => ({label: name, color: () => rampColor(names.length > 1 ? i / (names.length - 1) : 0),
                                             points: points(row.curve, (point) => (point.alpha || {})[name])}));
    recipe.summary = `${row.name}, ${names.length} quantizers`;
  };
  choose(known[0]);
  const drawing = figure(recipe);
  const select = el("select", {onchange: () => { choose(known[select.selectedIndex]); draw(recipe); }}, known.map((row) => el("option", {}, row.name)));
  drawing.prepend(el("div", {class: "controls"}, el("label", {}, "Run ", select)));
  return drawing;
}

function epochFigure() {
  const known = rows.filter((row) => row.curve.filter((point) => isNumber(point.test_top1)).length > 1);
  if (!known.length) return undefined;
  const series = known.map((row, i) => ({label: row.name, color: () => rampColor(known.length > 1 ? i / (known.length - 1) : 0),
                                         points: points(row.curve, (point) => point.test_top1)}));
  return figure({title: "Top-1 on test data over the epochs", hint: "runs in the order of the table, from violet to yellow", format: percent, height: "high",
                 tick: (y) => short(y) + " %", interaction: {mode: "nearest", axis: "xy", intersect: false}, series, summary: `${known.length} runs`});
}
