"use strict";
// The page from top to bottom: one run in detail, or several compared and then each in detail.

const runs = JSON.parse(document.getElementById("runs").textContent).map(studied);
const one = runs.length === 1;

// Sections are gathered here, for the page and for its list of contents.
const contents = [];
function section(title, hint, ...parts) {
  const id = "s" + (contents.length + 1);
  contents.push({id, title});
  return el("section", {}, el("h2", {id}, title), hint && el("p", {class: "hint"}, hint), ...parts);
}

const notesOf = (run) => [
  run.about.message && el("p", {class: "note " + run.status}, one ? "" : run.label + ": ", run.about.message),
  ...run.notes.map((note) => el("p", {class: "note"}, one ? "" : run.label + ": ", note)),
];

// What all runs have in common, with a word before it.
const shared = (field, before) => (runs.every((run) => run[field] === runs[0][field]) ? before + runs[0][field] : "");

function heading() {
  const run = runs[0];
  const title = one ? [`${run.network} on ${run.data}`, bitsInWords(run)].filter(Boolean).join(", ")
                    : `${runs.length} runs${shared("network", " of ")}${shared("data", " on ")} compared`;
  document.title = title + " – PACT training report";
  const facts = one
    ? [el("span", {class: "pill " + run.status}, statusText(run)), run.label, run.quantizers,
       run.about.started && "started " + run.about.started, run.about.machine,
       run.about.version && "pact " + run.about.version].filter(Boolean).map((fact) => el("span", {}, fact))
    : [];
  return [el("p", {class: "kicker"}, "PACT training report"), el("h1", {}, title), el("div", {class: "facts"}, facts),
          runs.flatMap(notesOf), one ? tiles(run) : [],
          el("nav", {"aria-label": "Contents"}, contents.map(({id, title: name}) => el("a", {href: "#" + id}, name)))];
}

function tiles(run) {
  const tile = (name, value, ...more) =>
    el("div", {class: "tile"}, el("div", {class: "name"}, name), el("div", {class: "value"}, value),
       more.filter(Boolean).map((line) => el("div", {class: "more"}, line)));
  const {last, lastTest, bestTest, totals} = run;
  const all = [];
  if (lastTest) {
    all.push(tile("Test top-1", percent(lastTest.test_top1), `at epoch ${lastTest.epoch}`,
                  `best ${percent(bestTest.test_top1)} at epoch ${bestTest.epoch}`));
    all.push(tile("Test loss", fixed(lastTest.test_loss, 3), `train ${fixed(lastTest.train_loss, 3)}`));
  }
  if (last)
    all.push(tile("Train top-1", percent(last.train_top1), lastTest && isNumber(lastTest.train_top1) &&
                  `${signed(lastTest.train_top1 - lastTest.test_top1, 2)} points to test`));
  if (isNumber(totals.bytes))
    all.push(tile("Size", bytes(totals.bytes), isNumber(totals.ratio) && `${times(totals.ratio)} smaller than float`,
                  `${whole(totals.parameters)} parameters`));
  if (totals.macs > 0)
    all.push(tile("MACs per image", count(totals.macs),
                  isNumber(totals.bitOperations) && count(totals.bitOperations) + " bit operations"));
  if (last)
    all.push(tile("Training time", duration(run.seconds), run.speed && `${whole(run.speed)} images/s`,
                  run.metrics.length === 1 ? "1 epoch" : `${run.metrics.length} epochs`));
  return el("div", {class: "tiles"}, all);
}

// "from a at epoch 1 to b at epoch 200"
const spoken = (curve, format) => {
  const known = curve.filter((point) => isNumber(point.y));
  if (!known.length) return "no values";
  const [first, last] = [known[0], known[known.length - 1]];
  return `from ${format(first.y)} at epoch ${first.x} to ${format(last.y)} at epoch ${last.x}`;
};

const NEUTRAL = 6;  // the gray among the series, for what is neither train nor test

// The curves of one quantity over all runs; `fields` are [field, is it the dashed one].
function curves(recipe, fields) {
  const series = runs.flatMap((run) => fields.map(([field, name, dashed], i) => ({
    points: points(run.metrics, (epoch) => epoch[field]), dashed: dashed && !one,
    label: one ? name : fields.length > 1 ? `${run.label}, ${name}` : run.label,
    key: one ? name : run.label, color: () => seriesColor(!one ? run.index : fields.length > 1 ? i : NEUTRAL),
  }))).filter((curve) => curve.points.length);
  const summary = series.map((curve) => `${curve.label} ${spoken(curve.points, recipe.format)}`).join("; ");
  return {...recipe, series, summary};
}

const epochDetails = (run) =>
  run.last && el("details", {class: "numbers"}, el("summary", {}, "All epochs in figures"), epochTable(run));

function training() {
  const view = {part: 1, logarithmic: false};
  const end = maximum(runs.map((run) => run.last && run.last.epoch));
  const from = () => (view.part < 1 ? Math.floor(end * (1 - view.part)) : undefined);
  const both = (name) => [["test_" + name, "test", false], ["train_" + name, "train", true]];
  const loss = curves({title: "Loss", format: (y) => fixed(y, 4), from, logarithmic: () => view.logarithmic}, both("loss"));
  const top1 = curves({title: "Top-1 accuracy", format: percent, from, tick: (y) => short(y) + " %"}, both("top1"));
  if (one && runs[0].bestTest) {
    const best = runs[0].bestTest;
    top1.hint = `ring: best on test, epoch ${best.epoch}`;
    top1.series.push({label: "best", key: "mark", marks: "ring", color: () => seriesColor(0),
                      points: [{x: best.epoch, y: best.test_top1}]});
  }
  const rates = runs.flatMap((run) => run.metrics.map((epoch) => epoch.lr)).filter((rate) => rate > 0);
  const wide = maximum(rates) > 30 * Math.min(...rates);
  const lr = curves({title: "Learning rate", format: short, from, height: "low",
                     ...(wide && {logarithmic: () => true, tick: powerOfTen})},
                    [["lr", "learning rate", false]]);
  const speed = curves({title: "Speed", hint: "images per second", format: whole, tick: count, from, height: "low",
                        fromZero: true}, [["images_per_second", "images/s", false]]);
  const recipes = [loss, top1, lr, speed].filter((recipe) => recipe.series.length);
  if (!recipes.length) return [];

  const entries = one ? [["test", 0], ["train", 1]].map(([name, i]) => ({label: name, key: name, css: `var(--run-${i})`}))
                      : runs.map((run) => ({label: run.label, key: run.label, css: `var(--run-${run.index})`}));
  const parts = el("select", {onchange: () => { view.part = Number(parts.value); recipes.forEach(draw); }},
                   [["all epochs", 1], ["last half", 0.5], ["last tenth", 0.1]].map(([name, part]) =>
                     el("option", {value: part}, name)));
  const log = el("input", {type: "checkbox", onchange: () => { view.logarithmic = log.checked; draw(loss); }});
  return [section("Training", "", el("div", {class: "controls"},
                  toggleKey(entries, [loss, top1, ...(one ? [] : [lr, speed])].filter((r) => r.series.length)),
                  one ? "" : el("span", {class: "hint"}, "solid: test, dashed: train"),
                  el("label", {}, "Show ", parts), el("label", {}, log, " logarithmic loss")),
                  el("div", {class: "charts"}, recipes.map(figure)), one ? epochDetails(runs[0]) : "")];
}

// Alpha of every layer; pointing at a curve or at its name brings it out.
function alphas(run) {
  const names = [...new Set(run.metrics.flatMap((epoch) => Object.keys(epoch.alpha || {})))];
  if (!names.length) return undefined;
  const series = names.map((name, i) => ({
    label: name, points: points(run.metrics, (epoch) => (epoch.alpha || {})[name]),
    color: () => rampColor(names.length > 1 ? i / (names.length - 1) : 0)}));
  const emphasize = (chosen) => {
    recipe.chart.data.datasets.forEach((set, i) => {
      const away = chosen !== null && i !== chosen;
      set.borderColor = away ? cssColor("--line") : series[i].color();
      set.borderWidth = i === chosen ? 3.5 : 2;
      set.order = i === chosen ? -1 : 0;
    });
    recipe.chart.update("none");
  };
  const recipe = {title: "Clipping level alpha", hint: one ? "" : run.label, series, format: short, height: "high",
                  fromZero: true, interaction: {mode: "nearest", axis: "xy", intersect: false},
                  onHover: (items) => emphasize(items.length ? items[0].datasetIndex : null),
                  summary: series.map((curve) => `${curve.label} ${spoken(curve.points, short)}`).join("; ")};
  const swatches = [];
  const item = (curve, i) => {
    const dot = swatch(curve.color());
    swatches.push(() => { dot.style.color = curve.color(); });
    const last = curve.points.filter((point) => isNumber(point.y)).pop();
    const out = () => emphasize(null), over = () => emphasize(i);
    return el("li", {}, el("button", {type: "button", onmouseenter: over, onfocus: over, onmouseleave: out, onblur: out},
                           dot, el("span", {}, curve.label), el("span", {}, last ? threeDigits(last.y) : NONE)));
  };
  recolors.push(() => swatches.forEach((recolor) => recolor()));
  const drawing = figure(recipe);
  drawing.append(el("ul", {class: "keys columns"}, series.map(item)));
  return drawing;
}
const recolors = [];

const ALPHA_HINT = "The learned alpha of each activation quantizer, in the order of the layers from violet to yellow; " +
  "beside each name, its last value. An alpha that runs to zero or never moves deserves a look.";
const HISTOGRAM_HINT = "Bars: values before quantization. Upright lines: the levels of the grid (a band under the bars " +
  "where they are too dense to draw). A bar that would dwarf the rest is cut, and its share written beside it. " +
  "Clipped: the share beyond the outermost level. Entropy: of the codes; the nearer to the width of the grid, the more " +
  "evenly its levels are used.";

function settingsOf(run) {
  return [el("div", {class: "two"}, factTable(run), Object.keys(run.settings).length ? pairTable(Object.entries(run.settings)) : ""),
          run.about.command && [el("h3", {}, "Command"), el("div", {class: "tile"}, el("pre", {}, run.about.command))]].flat();
}

// Accuracy against size, where several sizes are at hand.
function tradeoff() {
  const known = runs.filter((run) => run.lastTest && run.totals.bytes > 0);
  if (new Set(known.map((run) => run.totals.bytes)).size < 2) return undefined;
  const kib = (run) => run.totals.bytes / 1024;
  return figure({
    title: "Accuracy against size", hint: "last evaluation on test data", xTitle: "size, KiB", labels: true,
    xType: "logarithmic", xTicks: oneTwoFive, xMin: Math.min(...known.map(kib)) / 1.6, xMax: 1.6 * maximum(known.map(kib)),
    format: percent, tick: (y) => short(y) + " %", interaction: {mode: "nearest", axis: "xy", intersect: true},
    tooltipTitle: (items) => (items.length ? items[0].dataset.label : ""),
    tooltipLabel: (item) => ` ${percent(item.parsed.y)} at ${bytes(item.parsed.x * 1024)}`,
    series: known.map((run) => ({label: run.label, marks: "dot", color: () => seriesColor(run.index),
                                 points: [{x: kib(run), y: run.lastTest.test_top1}]})),
    summary: known.map((run) => `${run.label}: ${percent(run.lastTest.test_top1)} at ${bytes(run.totals.bytes)}`).join("; "),
  });
}

function single(run) {
  const alpha = alphas(run);
  return [training(), alpha && section("Alpha", ALPHA_HINT, alpha),
          run.layers.length && section("Layers", "", layerTable(run)),
          run.histograms.length && section("Distributions", HISTOGRAM_HINT, histogramsOf(run)),
          section("Settings", "", settingsOf(run))].flat().filter(Boolean);
}

function several() {
  const differences = differenceTable(runs);
  const detail = (run) => el("details", {class: "run"}, el("summary", {}, run.label, " – ", bitsInWords(run)),
    epochDetails(run), alphas(run), run.layers.length ? [el("h3", {}, "Layers"), layerTable(run)] : [], histogramsOf(run),
    el("h3", {}, "Settings"), settingsOf(run));
  return [section("Comparison", "The test data picks the best epoch, so “best” flatters; “top-1” is the last evaluation. " +
                  "Another seed alone can move either by some tenths of a point.",
                  comparisonTable(runs), el("div", {class: "charts", style: "margin-top: .8rem"}, tradeoff())),
          ...training(), differences ? section("Settings that differ", "", differences) : "",
          section("Each run", `${ALPHA_HINT} ${HISTOGRAM_HINT}`, runs.map(detail))].filter(Boolean);
}

// The colors of the series for HTML; charts ask for theirs when they are drawn.
function publishColors() {
  const count = Math.max(runs.length, 2);
  for (let i = 0; i < count; ++i) document.documentElement.style.setProperty("--run-" + i, seriesColor(i));
  recolors.forEach((recolor) => recolor());
}
function redraw() { publishColors(); drawAll(); }

// Paper is light and shows everything.
function preparePrint() {
  document.documentElement.dataset.theme = "light";
  document.querySelectorAll("details.run").forEach((details) => { details.open = true; });
  redraw();
}
function finishPrint() { delete document.documentElement.dataset.theme; redraw(); }

try {
  document.getElementById("page").append(...(one ? single(runs[0]) : several()));
  document.getElementById("head").append(...heading().flat());
  redraw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", preparePrint);
  addEventListener("afterprint", finishPrint);
  document.body.dataset.drawn = "yes";
} catch (error) {
  document.getElementById("head").append(el("p", {class: "note failed"}, "This report could not be drawn: " + error));
  throw error;
}
