"use strict";
// The page of `pact sweep`: figures, means over seeds, every run.

const data = JSON.parse(document.getElementById("data").textContent);
const {rows, groups} = data;
const rowNamed = (name) => rows.find((row) => row.name === name);

const contents = [];
function section(title, hint, ...parts) {
  const id = "s" + (contents.length + 1);
  contents.push({id, title});
  return el("section", {}, el("h2", {id}, title), hint && el("p", {class: "hint"}, hint), ...parts);
}

// Settings and axes in which not all agree; bits have a column of their own.
function differingNames(list) {
  const skipped = ["weights", "activations", "bits", "init", "teacher", "threads", "loader_threads", "checkpoint_steps", "eval_every",
                   "epochs"];
  const settings = distinct(list.flatMap((one) => Object.keys(one.settings)));
  const axes = distinct(list.flatMap((one) => Object.keys(one.axes))).filter((name) => !settings.includes(name));
  const valueOf = (one, name) => one.settings[name] ?? one.axes[name] ?? one[name];
  return ["network", "data", ...axes, ...settings].filter((name) => !skipped.includes(name) &&
    distinct(list.filter((one) => !settings.includes(name) || !isFloat(one)).map((one) => JSON.stringify(valueOf(one, name))).filter((text) => text !== undefined)).length > 1);
}
const cell = (one, name) => settingText(one.settings[name] ?? one.axes[name] ?? one[name]);

function groupTable() {
  const names = differingNames(groups).filter((name) => name !== "seed");
  const columns = [["runs", "text"], ["W / A", "bits"], ...names.map((name) => [name, "text"]), ["seeds"],
                   ["top-1", "of the fake-quantized network, mean ± sample standard deviation"], ["integers", "top-1 of the integer network, likewise"]];
  return scrollable(el("table", {}, headRow(columns), el("tbody", {}, groups.map((group) =>
    el("tr", {}, el("th", {scope: "row"}, group.name), number(bitsText(group)), names.map((name) => el("td", {}, cell(group, name))),
       number(String(group.rows.length)), number(spreadText(group.top1)), number(spreadText(group.integer_top1)))))), "compact");
}

function rowTable() {
  const names = differingNames(rows);
  const columns = [["run", "text"], ["W / A", "bits"], ...names.map((name) => [name, "text"]), ["top-1", "of the last evaluation, fake-quantized"],
                   ["integers", "top-1 of the integer network"], ["loss"], ["size"], ["epochs"], ["time"], ["status", "text"]];
  return scrollable(el("table", {}, headRow(columns), el("tbody", {}, rows.map((row) =>
    el("tr", {}, el("th", {scope: "row"}, row.name), number(bitsText(row)), names.map((name) => el("td", {}, cell(row, name))),
       number(percent(row.top1)), number(percent(row.integer_top1)), number(fixed(row.loss, 3)), number(bytes(row.bytes)),
       number(isNumber(row.epochs) ? String(row.epochs) : NONE), number(duration(row.seconds)),
       el("td", {class: row.status}, `${statusMark[row.status] || ""} ${row.status}`))))), "compact");
}

const notes = () => rows.filter((row) => row.message || row.integer_note).map((row) =>
  el("p", {class: "note " + row.status}, `${row.name}: ${row.message || "no integer network: " + row.integer_note}`));

function page() {
  const byBits = bitsFigure();
  const figures = [byBits, endsFigure(), ...penaltyFigures(), ...otherFigures(Boolean(byBits)), alphaFigure(), epochFigure()].filter(Boolean);
  return [figures.length ? section("Figures", "Top-1 on test data after the last epoch.", el("div", {class: "charts"}, figures)) : "",
          groups.length ? section("Means over seeds", "Runs that differ in nothing but the seed, and in the runs of their seed that they start from.", groupTable()) : "",
          section("All runs", "", rowTable())].filter(Boolean);
}

function redraw() { drawAll(); swatches.forEach((recolor) => recolor()); }

try {
  document.title = `${data.name} – PACT sweep`;
  document.getElementById("page").append(...page());
  const finished = rows.filter((row) => row.status === "finished").length;
  document.getElementById("head").append(el("p", {class: "kicker"}, "PACT sweep"), el("h1", {}, data.name), el("p", {class: "hint"}, data.description),
    el("div", {class: "facts"}, [`${finished} of ${rows.length} runs finished`, data.machine, "pact " + data.version].map((fact) => el("span", {}, fact))),
    ...notes(), el("nav", {"aria-label": "Contents"}, contents.map(({id, title}) => el("a", {href: "#" + id}, title))));
  redraw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => { document.documentElement.dataset.theme = "light"; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.theme; redraw(); });
  document.body.dataset.drawn = "yes";
} catch (error) {
  document.getElementById("head").append(el("p", {class: "note failed"}, "This page could not be drawn: " + error));
  throw error;
}
