// The controls: the panel, pointer, wheel, fingers and keys; then the page begins.

// The panel

function fillLegend() {
  data.clusters.forEach((kind, c) => {
    const box = make("input", "", { type: "checkbox", id: `cluster-${c}`, checked: true });
    box.setAttribute("aria-label", `Show ${kind.name}`);
    box.addEventListener("change", () => setShown(c, box.checked));
    const dot = make("span", "", { className: "dot" });
    dot.style.background = `var(--c${kind.colour})`;
    const button = clusterButton(c, kind.name);
    button.append(make("small", `${kind.size.toLocaleString("en")} songs`));
    const item = document.createElement("li");
    item.append(box, dot, button);
    $("legend").append(item);
  });
}

function find() {
  names ??= data.titles.map((title, i) => fold(`${title} ${data.artists[artist[i]]}`));
  const { found, total } = search(names, $("search").value, MOST_FOUND);
  $("results").replaceChildren(...found.map(songButton));
  const some = total > found.length ? `, the first ${found.length} are listed` : "";
  $("count").textContent = $("search").value.trim() ? `${total.toLocaleString("en")} found${some}` : "";
}

$("search").addEventListener("input", find);
$("search").addEventListener("keydown", (event) => {
  const first = $("results").querySelector("button");
  if (event.key === "ArrowDown" && first) first.focus();
  else if (event.key === "Enter" && first) first.click();
  else return;
  event.preventDefault();
});
$("results").addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!step) return;
  const item = document.activeElement.closest("li")[step];
  (item ? item.querySelector("button") : event.key === "ArrowUp" ? $("search") : document.activeElement).focus();
  event.preventDefault();
});
$("show-all").addEventListener("click", () => data.clusters.forEach((_, c) => setShown(c, true)));
$("hide-all").addEventListener("click", () => data.clusters.forEach((_, c) => setShown(c, false)));
$("closer").addEventListener("click", () => zoom(1.6));
$("further").addEventListener("click", () => zoom(1 / 1.6));
$("fit").addEventListener("click", () => { view = { ...whole }; redraw(); });

// Pointer, wheel, fingers and keys

const fingers = new Map();
let travelled = 0;

const songAt = (px, py) =>
  nearest(grid, x, y, (px - width / 2) / view.scale + view.x, (py - height / 2) / view.scale + view.y,
    Math.max(REACH, radius()) / view.scale, (i) => show[cluster[i]]);

marks.addEventListener("pointerdown", (event) => {
  marks.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
  if (fingers.size === 1) travelled = 0;
  marks.classList.add("dragging");
});
marks.addEventListener("pointermove", (event) => {
  const here = [event.offsetX, event.offsetY];
  const before = fingers.get(event.pointerId);
  if (!before) {
    hover(songAt(...here), ...here);
    return;
  }
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  const share = other ? 0.5 : 1; // of two fingers each moves the middle by half
  travelled += Math.hypot(here[0] - before[0], here[1] - before[1]);
  move((here[0] - before[0]) * share, (here[1] - before[1]) * share);
  if (other) {
    const apart = (finger) => Math.max(10, Math.hypot(finger[0] - other[0], finger[1] - other[1]));
    zoom(apart(here) / apart(before), (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
  }
  fingers.set(event.pointerId, here);
  if (travelled > 4) hover(-1);
});
for (const kind of ["pointerup", "pointercancel"]) {
  marks.addEventListener(kind, (event) => {
    const alone = fingers.size === 1 && fingers.has(event.pointerId);
    fingers.delete(event.pointerId);
    if (!fingers.size) marks.classList.remove("dragging");
    if (kind === "pointerup" && alone && travelled <= 4) choose(songAt(event.offsetX, event.offsetY), false);
  });
}
marks.addEventListener("pointerleave", () => hover(-1));
marks.addEventListener("wheel", (event) => {
  event.preventDefault();
  const pixels = event.deltaY * (event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? 400 : 1);
  zoom(Math.exp(-Math.max(-300, Math.min(300, pixels)) * (event.ctrlKey ? 0.01 : 0.002)), event.offsetX, event.offsetY);
}, { passive: false });
marks.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (moves[event.key]) move(...moves[event.key]);
  else if (event.key === "+" || event.key === "=") zoom(1.4);
  else if (event.key === "-") zoom(1 / 1.4);
  else if (event.key === "0") $("fit").click();
  else if (event.key === "Escape") choose(-1, false);
  else if (event.key === "Enter") {
    choose(nearest(grid, x, y, view.x, view.y, width / view.scale, (i) => show[cluster[i]]), false);
  } else return;
  event.preventDefault();
});

const left = data.left_out ? ` ${data.left_out.toLocaleString("en")} songs about which nothing is known are left out.` : "";
$("about").textContent = `${x.length.toLocaleString("en")} songs; those that belong together lie together.${left}`;
readStyle();
fillLegend();
new ResizeObserver(resize).observe(marks);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readStyle(); redraw(); });
resize();
