"use strict";
// Curves. A chart is kept as a recipe and drawn anew whenever the theme changes or the page is printed, because a
// canvas cannot follow style sheets.

const charts = [];

function cssColors(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).split(",").map((color) => color.trim());
}
const cssColor = (name) => cssColors(name)[0];
const seriesColor = (index) => cssColors("--series")[index % cssColors("--series").length];

// The color at `position` in [0, 1] of the ramp: an order that the eye can follow, for layers from first to last.
function rampColor(position) {
  const stops = cssColors("--ramp").map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const place = Math.min(Math.max(position, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const mixed = stops[low].map((x, i) => Math.round(x + (stops[low + 1][i] - x) * (place - low)));
  return `rgb(${mixed.join(", ")})`;
}

// {x, y} per epoch that has the field; a null (not a finite number) becomes a gap.
const points = (metrics, value) =>
  metrics.map((epoch) => ({x: epoch.epoch, y: value(epoch)}))
    .filter((point) => point.y !== undefined)
    .map((point) => (point.y === null ? {x: point.x, y: NaN} : point));

// Of the marks of a logarithmic axis, only these carry a number.
const numbered = (digits) => (x) => (digits.includes(x.toExponential(3)[0]) && /^\d\.0*e/.test(x.toExponential(3)) ? short(x) : "");
const powerOfTen = numbered("1"), oneTwoFive = numbered("125");

function dataset(series) {
  const color = series.color();
  const few = series.points.length <= 30;
  return {
    label: series.label, data: series.points, hidden: series.hidden, key: series.key,
    borderColor: color, backgroundColor: color, borderWidth: series.marks ? 2 : series.dashed ? 1.4 : 2,
    borderDash: series.dashed ? [5, 3] : [], showLine: !series.marks, tension: 0,
    pointRadius: series.marks ? 6 : few ? 2 : 0, pointHoverRadius: series.marks ? 7 : 4,
    pointStyle: series.marks === "ring" ? "circle" : undefined,
    ...(series.marks === "ring" ? {backgroundColor: "transparent", pointBorderWidth: 2} : {}),
  };
}

function axis(title, more) {
  const muted = cssColor("--muted");
  return {
    title: {display: Boolean(title), text: title, color: muted, font: {size: 12}},
    grid: {color: cssColor("--grid"), borderColor: cssColor("--line"), tickColor: cssColor("--line")},
    ...more,
    ticks: {color: muted, maxRotation: 0, autoSkipPadding: 12, font: {size: 11}, ...(more && more.ticks)},
  };
}

function tooltip(recipe) {
  return {
    backgroundColor: cssColor("--surface"), titleColor: cssColor("--ink"), bodyColor: cssColor("--ink"),
    borderColor: cssColor("--muted"), borderWidth: 1, boxWidth: 10, boxHeight: 2, boxPadding: 4,
    filter: (item) => !item.dataset.key || item.dataset.key !== "mark",
    callbacks: {
      title: recipe.tooltipTitle || ((items) => (items.length ? "Epoch " + items[0].parsed.x : "")),
      label: recipe.tooltipLabel || ((item) => ` ${item.dataset.label}: ${recipe.format(item.parsed.y)}`),
    },
  };
}

const box = (left, top, width, height) => ({left, top, right: left + width, bottom: top + height});
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

// Writes each mark's label beside it, where it meets no other; only the scatter chart asks for it.
const markLabels = {
  id: "markLabels",
  afterDatasetsDraw(chart, _, options) {
    if (!options.on) return;
    const {ctx, chartArea} = chart;
    ctx.save();
    ctx.font = "12px " + getComputedStyle(document.body).fontFamily;
    ctx.fillStyle = cssColor("--ink");
    const marks = chart.data.datasets.flatMap((set, i) =>
      chart.getDatasetMeta(i).data.map(({x, y}) => ({x, y, label: set.label})));
    const taken = marks.map(({x, y}) => box(x - 8, y - 8, 16, 16));
    for (const {x, y, label} of marks) {
      const width = ctx.measureText(label).width;
      const places = [box(x + 11, y - 8, width, 16), box(x - 11 - width, y - 8, width, 16),
                      box(x - width / 2, y - 26, width, 16), box(x - width / 2, y + 10, width, 16),
                      box(x - 8, y - 26, width, 16), box(x - 8, y + 10, width, 16)];
      const inside = (place) => place.left >= chartArea.left && place.right <= chartArea.right;
      const place = places.find((free) => inside(free) && !taken.some((other) => meet(free, other))) || places[0];
      taken.push(place);
      ctx.fillText(label, place.left, place.top + 12);
    }
    ctx.restore();
  },
};

function configuration(recipe) {
  const logarithmic = recipe.logarithmic();
  return {
    type: "line",
    data: {datasets: recipe.series.map(dataset)},
    plugins: [markLabels],
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, parsing: false,
      interaction: recipe.interaction || {mode: "index", axis: "x", intersect: false},
      onHover: recipe.onHover && ((_, items) => recipe.onHover(items)),
      layout: {padding: {top: 4, right: 8}},
      plugins: {legend: {display: false}, tooltip: tooltip(recipe), markLabels: {on: Boolean(recipe.labels)}},
      scales: {
        x: axis(recipe.xTitle || "epoch", {
          type: recipe.xType || "linear", min: recipe.from ? recipe.from() : recipe.xMin, max: recipe.xMax,
          ticks: {precision: 0, ...(recipe.xTicks && {callback: recipe.xTicks})}}),
        y: axis(recipe.yTitle, {
          type: logarithmic ? "logarithmic" : "linear", beginAtZero: Boolean(recipe.fromZero),
          grace: logarithmic ? 0 : recipe.fromZero ? 0 : "4%",
          ticks: {maxTicksLimit: 7, callback: recipe.tick || short}}),
      },
    },
  };
}

function draw(recipe) {
  if (recipe.chart) recipe.chart.destroy();
  recipe.chart = new Chart(recipe.canvas, configuration(recipe));
}
const drawAll = () => charts.forEach(draw);

// A figure with a chart in it. The recipe holds title, hint, series [{label, points, color(), dashed, key, hidden}],
// format(y), and settings of the axes; the summary is what a reader who does not see the curves is told.
function figure(recipe) {
  recipe.canvas = el("canvas", {role: "img", "aria-label": recipe.title + ". " + (recipe.summary || "")});
  recipe.logarithmic = recipe.logarithmic || (() => false);
  charts.push(recipe);
  return el("figure", {class: "card"},
            el("figcaption", {}, recipe.title, recipe.hint && el("span", {}, "  " + recipe.hint)),
            el("div", {class: "canvas " + (recipe.height || "")}, recipe.canvas));
}

const swatch = (color, dashed) => {
  const node = el("span", {class: dashed ? "swatch dashed" : "swatch"});
  node.style.color = color;
  return node;
};

// A key to the curves; pressing an entry hides or shows all series of that name in all `recipes`.
function toggleKey(entries, recipes) {
  const item = (entry) => {
    const button = el("button", {type: "button", "aria-pressed": "true", title: "Hide or show", onclick: () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      for (const recipe of recipes) {
        recipe.series.filter((series) => series.key === entry.key).forEach((series) => { series.hidden = !shown; });
        draw(recipe);
      }
    }}, swatch(entry.css, entry.dashed), entry.label);
    return el("li", {}, button);
  };
  return el("ul", {class: "keys"}, entries.map(item));
}
