"use strict";
// Elements and numbers as text. Text from the data reaches the page only as text nodes and attributes, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

// An element; `attributes` are set as such, except that "class" may be left empty and `on...` are listeners.
function el(tag, attributes, ...children) {
  const node = ["svg", "path", "line", "rect", "title"].includes(tag) ? document.createElementNS(SVG, tag)
                                                                       : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === "") continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ""));
  return node;
}

const isNumber = (x) => typeof x === "number" && Number.isFinite(x);
const NONE = "–";
const MINUS = "\u2212";

const withMinus = (text) => text.replace(/^-/, MINUS);
const countedBits = (n) => n + (n === 1 ? " bit" : " bits");
const fixed = (x, digits) => (isNumber(x) ? withMinus(x.toFixed(digits)) : NONE);
const signed = (x, digits) => (isNumber(x) ? (x > 0 ? "+" : "") + fixed(x, digits) : NONE);
const percent = (x) => (isNumber(x) ? fixed(x, 2) + " %" : NONE);
const whole = (x) => (isNumber(x) ? x.toLocaleString("en-US", {maximumFractionDigits: 0}) : NONE);
// Three or four significant digits, without trailing zeros: for axes, alphas and learning rates.
const short = (x) => {
  if (!isNumber(x)) return NONE;
  if (x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e6)) return withMinus(x.toExponential(1).replace(".0e", "e"));
  return withMinus(String(Number(x.toPrecision(3))));
};
const threeDigits = (x) => (Math.abs(x) >= 1e-3 && Math.abs(x) < 1000 ? withMinus(x.toPrecision(3)) : short(x));

function scaled(x, base, units) {
  if (!isNumber(x)) return NONE;
  let unit = 0;
  while (Math.abs(x) >= base && unit + 1 < units.length) x /= base, ++unit;
  const digits = unit === 0 || x >= 100 ? 0 : x >= 10 ? 1 : 2;
  return (x.toFixed(digits) + " " + units[unit]).trim();
}
const count = (x) => scaled(x, 1000, ["", "k", "M", "G", "T", "P"]);
const bytes = (x) => scaled(x, 1024, ["B", "KiB", "MiB", "GiB"]);
const times = (x) => (isNumber(x) ? x.toFixed(x >= 10 ? 1 : 2) + "×" : NONE);

function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + " s";
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? minutes + " min" : Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
}

const bits = (b) => (!isNumber(b) ? NONE : b >= 32 ? "float" : String(b));
