// The page: draws the field of songs and what is marked on it, and tells what is chosen.

const data = JSON.parse(document.getElementById("data").textContent);
const x = decode(data.x, Uint16Array);
const y = decode(data.y, Uint16Array);
const cluster = decode(data.cluster, Uint16Array);
const artist = decode(data.artist, Uint32Array);
const mood = decode(data.mood, Uint16Array);
const near = decode(data.neighbours, Uint32Array);
const EXTENT = 65535;
const points = { x, y, cluster };
const grid = buildGrid(x, y, EXTENT);
const show = data.clusters.map(() => true);
const perSong = { near: near.length / x.length, mood: mood.length / x.length };
const MOST_FOUND = 50;
const LABELS = 25; // at first; four times as many at twice the scale
const REACH = 9; // pixels around the pointer in which a song is taken
let names = null; // folded, made at the first search

const $ = (id) => document.getElementById(id);
const field = $("field");
const marks = $("marks");
const tip = $("tip");
let width = 1;
let height = 1;
let ratio = 1;
let view = null;
let whole = null;
let image = null;
let colours = [];
let style = {};
let hovered = -1;
let chosen = -1;
let asked = false;

function make(tag, text, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  element.textContent = text; // never as markup: a title is whatever someone wrote
  return element;
}

const titleOf = (i) => data.titles[i] || "untitled";
const artistOf = (i) => data.artists[artist[i]] || "unknown artist";
const neighboursOf = (i) => near.subarray(i * perSong.near, (i + 1) * perSong.near);
const moodsOf = (i) =>
  [...mood.subarray(i * perSong.mood, (i + 1) * perSong.mood)].filter((m) => m !== NO_CODE).map((m) => data.moods[m]);

// Drawing

function readStyle() {
  const css = getComputedStyle(document.documentElement);
  const value = (name) => css.getPropertyValue(name).trim();
  const number = (hex) => {
    const n = parseInt(hex.slice(1), 16);
    return (0xff000000 | ((n & 0xff) << 16) | (n & 0xff00) | (n >>> 16)) >>> 0;
  };
  const palette = Array.from({ length: data.colours }, (_, i) => value(`--c${i}`));
  style = { ground: value("--ground"), ink: value("--ink"), accent: value("--accent"), palette };
  style.field = number(style.ground);
  colours = data.clusters.map((c) => number(palette[c.colour]));
}

function radius() {
  const room = Math.sqrt((width * height) / x.length);
  const wide = Math.max(0.85, Math.min(5, room * 0.14)) * Math.pow(view.scale / whole.scale, 0.5);
  return Math.min(wide, 8);
}

const screen = (i) => [(x[i] - view.x) * view.scale + width / 2, (y[i] - view.y) * view.scale + height / 2];

function draw() {
  asked = false;
  const context = field.getContext("2d");
  const pixels = new Uint32Array(image.data.buffer);
  pixels.fill(style.field);
  const r = radius() * ratio;
  paint(pixels, field.width, field.height, view, ratio, points, stamp(r, r < 2 ? 0.6 : 0.85), colours, show);
  context.putImageData(image, 0, 0);
  drawMarks();
}

function drawMarks() {
  const context = marks.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  drawLabels(context);
  if (chosen >= 0) {
    const [cx, cy] = screen(chosen);
    context.strokeStyle = style.ink;
    context.lineWidth = 1;
    context.beginPath();
    for (const j of neighboursOf(chosen)) {
      context.moveTo(cx, cy);
      context.lineTo(...screen(j));
    }
    context.stroke();
    for (const j of neighboursOf(chosen)) ring(context, j, 2.5, style.ink);
    ring(context, chosen, 4, style.accent);
  }
  if (hovered >= 0) ring(context, hovered, 3, style.accent);
}

function ring(context, i, gap, colour) {
  const [cx, cy] = screen(i);
  const r = radius() + gap;
  context.lineWidth = 4;
  context.strokeStyle = style.ground;
  context.beginPath();
  context.arc(cx, cy, r, 0, 2 * Math.PI);
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}

function drawLabels(context) {
  context.font = "600 12.5px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const most = LABELS * (view.scale / whole.scale) ** 2;
  const shown = data.clusters.filter((_, c) => show[c]).slice(0, most);
  const boxes = shown.map((c) => ({
    x: (c.x - view.x) * view.scale + width / 2,
    y: (c.y - view.y) * view.scale + height / 2,
    width: context.measureText(c.name).width + 12,
    height: 22,
  }));
  declutter(boxes, width, height).forEach((fits, i) => {
    if (!fits) return;
    context.lineWidth = 4;
    context.strokeStyle = style.ground;
    context.strokeText(shown[i].name, boxes[i].x, boxes[i].y);
    context.fillStyle = style.ink;
    context.fillText(shown[i].name, boxes[i].x, boxes[i].y);
  });
}

function redraw() {
  if (!asked) requestAnimationFrame(draw);
  asked = true;
}

function resize() {
  const before = whole && view.scale / whole.scale;
  width = Math.max(1, marks.clientWidth);
  height = Math.max(1, marks.clientHeight);
  ratio = Math.min(window.devicePixelRatio || 1, 2);
  for (const canvas of [field, marks]) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  image = new ImageData(field.width, field.height);
  whole = fitView(...data.box, width, height);
  view = view ? { ...view, scale: whole.scale * before } : { ...whole };
  redraw();
}

function zoom(factor, px = width / 2, py = height / 2) {
  view = zoomAt(view, factor, px, py, width, height, whole.scale / 2, whole.scale * 200);
  redraw();
}

function move(dx, dy) {
  view = { ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale };
  redraw();
}

// What is chosen

function hover(i, px = 0, py = 0) {
  if (hovered !== i) {
    hovered = i;
    marks.classList.toggle("over", i >= 0);
    if (i >= 0) {
      const lines = [titleOf(i), artistOf(i), moodsOf(i).join(", ")].filter(Boolean);
      tip.replaceChildren(...lines.map((line) => make("div", line)));
    }
    tip.hidden = i < 0;
    drawMarks();
  }
  if (i < 0) return;
  tip.style.left = `${Math.max(0, Math.min(px + 14, width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.max(0, py + 14 + tip.offsetHeight > height ? py - tip.offsetHeight - 10 : py + 14)}px`;
}

function songButton(i) {
  const button = make("button", titleOf(i), { type: "button" });
  button.append(make("small", artistOf(i)));
  button.addEventListener("click", () => choose(i, true));
  button.addEventListener("pointerenter", () => { hovered = i; drawMarks(); });
  button.addEventListener("pointerleave", () => { hovered = -1; drawMarks(); });
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function choose(i, centre) {
  chosen = i;
  hover(-1);
  if (i < 0) {
    $("chosen").replaceChildren(make("p", "Nothing is chosen.", { className: "quiet" }));
    $("more").replaceChildren();
    redraw();
    return;
  }
  const kind = data.clusters[cluster[i]];
  if (!show[cluster[i]]) setShown(cluster[i], true);
  const told = [`by ${artistOf(i)}`, moodsOf(i).length ? `moods: ${moodsOf(i).join(", ")}` : "", `in ${kind.name}`];
  $("chosen").replaceChildren(make("p", titleOf(i)), ...told.filter(Boolean).map((line) => make("p", line)));
  const list = make("ol", "");
  list.setAttribute("aria-label", "Its nearest songs");
  list.append(...Array.from(neighboursOf(i), songButton));
  const heading = make("h3", "Nearest songs", { className: "quiet" });
  $("more").replaceChildren(clusterButton(cluster[i], `About “${kind.name}”`), heading, list);
  if (centre) view = { x: x[i], y: y[i], scale: Math.max(view.scale, whole.scale * 6) };
  redraw();
}

function clusterButton(c, text) {
  const button = make("button", text, { type: "button" });
  button.addEventListener("click", () => chooseCluster(c));
  return button;
}

function chooseCluster(c) {
  chosen = -1;
  const kind = data.clusters[c];
  if (!show[c]) setShown(c, true);
  const lines = [["genres", kind.genres], ["words", kind.words], ["moods", kind.moods], ["sound", kind.features]]
    .filter(([, list]) => list.length).map(([label, list]) => make("p", `${label}: ${list.join(", ")}`));
  const size = make("p", `${kind.size.toLocaleString("en")} songs`);
  $("chosen").replaceChildren(make("p", kind.name), size, ...lines);
  const only = make("button", "Show only this cluster", { type: "button" });
  only.addEventListener("click", () => data.clusters.forEach((_, other) => setShown(other, other === c)));
  $("more").replaceChildren(only);
  view = fitView(...kind.box, width, height);
  view.scale = Math.min(view.scale, whole.scale * 12);
  redraw();
}

function setShown(c, on) {
  show[c] = on;
  $(`cluster-${c}`).checked = on;
  redraw();
}
