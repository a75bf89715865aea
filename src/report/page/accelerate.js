"use strict";
// The page of `pact accelerate`: what fewer bits gain in area, speed and traffic.

const data = JSON.parse(document.getElementById("data").textContent);
const known = data.points;
const unlimited = (point) => point.bandwidth_gb_s === "inf";
const bandwidths = [...new Set(known.map((point) => point.bandwidth_gb_s))];
const bandwidthText = (x) => (x === "inf" ? "no limit" : short(x) + " GB/s");
const at = (bandwidth) => known.filter((point) => point.bandwidth_gb_s === bandwidth);
const allBits = [...new Set(known.map((point) => point.bits))];

const contents = [];
function section(title, hint, ...parts) {
  const id = "s" + (contents.length + 1);
  contents.push({id, title});
  return el("section", {}, el("h2", {id}, title), hint && el("p", {class: "hint"}, hint), ...parts);
}

const swatches = [];
function key(series) {
  return el("ul", {class: "keys"}, series.map((one) => {
    const mark = swatch("inherit", one.dashed);
    swatches.push(() => { mark.style.color = one.color(); });
    return el("li", {}, mark, one.label);
  }));
}

function keyedFigure(recipe) {
  recipe.summary = recipe.series.map((one) =>
    one.label + ": " + one.points.map((point) => `${recipe.format(point.y)} at ${short(point.x)}`).join(", ")).join("; ");
  const drawing = figure(recipe);
  drawing.append(key(recipe.series));
  return drawing;
}

// An axis on which each halving of the bits is a step.
const bitAxis = {xTitle: "bits of weights and activations", xTicks: (x) => (Number.isInteger(x) ? String(2 ** x) : ""),
                 tooltipTitle: (items) => (items.length ? countedBits(Math.round(2 ** items[0].parsed.x)) : "")};
const byBits = (points) => points.map(({x, y}) => ({x: Math.log2(x), y})).sort((one, other) => one.x - other.x);

function densityFigure() {
  const widest = data.arrays[data.arrays.length - 1];
  const series = [{label: "this accelerator", color: () => seriesColor(0),
                   points: byBits(data.arrays.map((a) => ({x: a.bits, y: a.macs_per_cycle / widest.macs_per_cycle})))}];
  const names = [...new Set(data.densities.map((d) => `${d.design}, ${d.accumulator} accumulator`))];
  names.forEach((name, i) => series.push({label: name + ", synthesised", dashed: true, color: () => seriesColor(i + 1),
    points: byBits(data.densities.filter((d) => `${d.design}, ${d.accumulator} accumulator` === name)
      .map((d) => ({x: d.bits, y: d.density})))}));
  return keyedFigure({title: "Density of multiply-accumulate units", hint: "in the area of one at the widest operands",
                      ...bitAxis, format: times, fromZero: true, series,
                      interaction: {mode: "nearest", axis: "xy", intersect: false}});
}

function performanceFigure() {
  const series = bandwidths.map((bandwidth, i) => ({label: bandwidthText(bandwidth), color: () => seriesColor(i),
    points: byBits(at(bandwidth).map((point) => ({x: point.bits, y: point.speed_up})))}));
  series.push({label: "peak", dashed: true, color: () => seriesColor(6),
               points: byBits(at(bandwidths[0]).map((point) => ({x: point.bits, y: point.peak_ratio})))});
  return keyedFigure({title: "Performance", hint: `speed-up against ${countedBits(known[0].bits)} at the same bandwidth; above the dashed line: super-linear`,
                      ...bitAxis, format: times, fromZero: true, series});
}

// Points under roofs: MAC/s against MACs per byte of external traffic.
function rooflineFigure() {
  const intensity = (point) => point.macs / point.external_bytes;
  const speed = (point) => point.macs * point.images_per_second;
  const xs = known.map(intensity), xMin = Math.min(...xs) / 4, xMax = 4 * maximum(xs);
  const series = allBits.map((b, i) => ({label: countedBits(b), color: () => seriesColor(i), marks: "dot",
    points: known.filter((point) => point.bits === b).map((point) => ({x: intensity(point), y: speed(point)}))}));
  allBits.forEach((b, i) => {
    const peak = 1e12 * known.find((point) => point.bits === b).peak_tmacs;
    series.push({label: `peak at ${countedBits(b)}`, color: () => seriesColor(i), dashed: true, points: [{x: xMin, y: peak}, {x: xMax, y: peak}]});
  });
  const top = 1e12 * maximum(known.map((point) => point.peak_tmacs));
  bandwidths.filter((x) => x !== "inf").forEach((bandwidth) => {
    const end = Math.min(xMax, top / (1e9 * bandwidth));
    series.push({label: bandwidthText(bandwidth), color: () => seriesColor(6), dashed: true,
                 points: [{x: xMin, y: 1e9 * bandwidth * xMin}, {x: end, y: 1e9 * bandwidth * end}]});
  });
  return keyedFigure({title: "Roofline", hint: "whole network", xTitle: "MACs per byte from outside", xType: "logarithmic",
                      xTicks: oneTwoFive, xMin, xMax, logarithmic: () => true, tick: (y) => (powerOfTen(y) ? count(y) : ""), format: (y) => count(y) + "MAC/s",
                      interaction: {mode: "nearest", axis: "xy", intersect: true}, series, height: "high",
                      tooltipTitle: (items) => (items.length ? items[0].dataset.label : ""),
                      tooltipLabel: (item) => ` ${count(item.parsed.y)}MAC/s at ${short(item.parsed.x)} MACs a byte`});
}

const view = {bandwidth: bandwidths[bandwidths.length - 1], field: "external_bytes"};
const layerRecipe = {
  title: "By layer", hint: "from the first to the last", xTitle: "layer", format: (y) => fields[view.field][1](y), height: "high",
  tick: (y) => fields[view.field][1](y), fromZero: true, xMin: 1, series: [],
  tooltipTitle: (items) => (items.length ? known[0].layers[items[0].parsed.x - 1].name : ""),
};
const fields = {external_bytes: ["external traffic", bytes], cycles: ["cycles", count], utilisation: ["utilisation", (x) => percent(100 * x)],
                weight_bytes: ["traffic of weights", bytes], energy_pj: ["energy, pJ", count]};
function chooseLayers() {
  layerRecipe.series = at(view.bandwidth).map((point, i) => ({label: countedBits(point.bits), color: () => seriesColor(i),
    points: point.layers.map((layer, x) => ({x: x + 1, y: layer[view.field]}))}));
}
function layersFigure() {
  const pick = (name, entries) => {
    const select = el("select", {"aria-label": name, onchange: () => {
      view[name] = entries[select.selectedIndex][0];
      chooseLayers();
      draw(layerRecipe);
    }}, entries.map(([value, text]) => el("option", value === view[name] ? {selected: "selected"} : {}, text)));
    return el("label", {}, name === "field" ? "Show " : "at ", select);
  };
  chooseLayers();
  layerRecipe.summary = "one curve per width of operands";
  const drawing = figure(layerRecipe);
  drawing.prepend(el("div", {class: "controls"}, pick("field", Object.entries(fields).map(([name, [text]]) => [name, text])),
                     pick("bandwidth", bandwidths.map((x) => [x, bandwidthText(x)]))));
  drawing.append(key(layerRecipe.series));
  return drawing;
}

function pointTable() {
  const columns = [["bandwidth", "text"], ["bits"], ["TMAC/s", "peak"], ["time, ms", "per image"], ["images/s"], ["speed-up", "to the first of the bits"],
                   ["peak ×"], ["8 → b", "further speed-up with first and last layer at as few bits"], ["utilisation"],
                   ["external", "traffic per image"], ["stays", "of the bits that layers read and write"], ["pinned", "weights on chip for good"], ["energy, mJ"]];
  const energy = (point) => (point.energy_pj ? 1e-9 * sum(Object.values(point.energy_pj)) : null);
  return scrollable(el("table", {}, headRow(columns), el("tbody", {}, known.map((point) =>
    el("tr", {}, el("th", {scope: "row"}, bandwidthText(point.bandwidth_gb_s)), number(String(point.bits)), number(short(point.peak_tmacs)),
       number(threeDigits(point.milliseconds)), number(whole(point.images_per_second)),
       number(times(point.speed_up), point.speed_up > point.peak_ratio * 1.001 ? "best" : ""), number(times(point.peak_ratio)),
       number(point.first_last_speed_up ? times(point.first_last_speed_up) : NONE), number(percent(100 * point.utilisation)),
       number(bytes(point.external_bytes)), number(percent(100 * (1 - point.external_bytes / point.operand_bytes))),
       number(percent(100 * point.pinned_bytes / point.weight_bytes)), number(isNumber(energy(point)) ? short(energy(point)) : NONE))))), "compact");
}

function layerTableOf(point) {
  const columns = [["layer", "text"], ["w / a", "bits"], ["MACs"], ["cycles"], ["bound", "text"], ["utilisation"], ["flow", "text"],
                   ["external"], ["stays on chip", "text"]];
  const stays = (layer) => [layer.weights_stay && "weights", layer.input_stays && "input", layer.output_stays && "output"].filter(Boolean).join(", ");
  return scrollable(el("table", {}, headRow(columns), el("tbody", {}, point.layers.map((layer) =>
    el("tr", {}, el("th", {scope: "row"}, layer.name), number(`${layer.weight_bits} / ${layer.activation_bits}`), number(count(layer.macs)),
       number(whole(layer.cycles)), el("td", {}, layer.bound), number(percent(100 * layer.utilisation)), el("td", {}, layer.dataflow),
       number(bytes(layer.external_bytes)), el("td", {}, stays(layer)))))), "tall");
}

function page() {
  return [
    section("Gains", "", el("div", {class: "charts"}, densityFigure(), performanceFigure(), rooflineFigure())),
    section("Figures", "Bold: faster than the ratio of the peaks.", pointTable()),
    section("Layers", "", layersFigure(), known.map((point) => el("details", {class: "run"},
      el("summary", {}, `${point.bits} bits, ${bandwidthText(point.bandwidth_gb_s)}`), layerTableOf(point)))),
  ];
}

function redraw() { drawAll(); swatches.forEach((recolor) => recolor()); }

try {
  document.title = `${data.network} on ${data.accelerator} – PACT accelerator report`;
  document.getElementById("page").append(...page());
  document.getElementById("head").append(el("p", {class: "kicker"}, "PACT accelerator report"),
    el("h1", {}, `${data.network} on ${data.accelerator}`), el("p", {class: "hint"}, data.description),
    el("div", {class: "facts"}, [`${whole(known[0].on_chip_kb)} kB on chip`, data.clock_by_technology ? "clock by technology" : `${short(data.clock_ghz)} GHz`, `batch ${known[0].batch}`,
      data.technology && "areas of " + data.technology].filter(Boolean).map((fact) => el("span", {}, fact))),
    el("nav", {"aria-label": "Contents"}, contents.map(({id, title}) => el("a", {href: "#" + id}, title))));
  redraw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => { document.documentElement.dataset.theme = "light"; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.theme; redraw(); });
  document.body.dataset.drawn = "yes";
} catch (error) {
  document.getElementById("head").append(el("p", {class: "note failed"}, "This report could not be drawn: " + error));
  throw error;
}
