// What the page does beyond its HTML: sound that goes on between pages, keys, dragging, the map. Nothing here is needed to read it.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- pages: the next one is put in the place of this one, so that what plays goes on

const PAGES = /^\/($|search$|songs\/|playlist$|map$|api\/docs$)/;
let shown = 0; // the latest page that was asked for: a slower, older answer is left aside

async function show(address, { push = true, focus = true } = {}) {
  const turn = ++shown;
  let answer, text;
  try {
    answer = await fetch(address, { headers: { accept: "text/html" } });
    text = await answer.text();
  } catch {
    location.assign(address);
    return;
  }
  if (turn !== shown) return;
  const next = new DOMParser().parseFromString(text, "text/html");
  const url = new URL(answer.url);
  if (!$("#main", next) || !PAGES.test(url.pathname)) {
    location.assign(answer.url);
    return;
  }
  url.hash = new URL(address, location.href).hash;
  if (push) history.pushState(null, "", url);
  document.title = next.title;
  $(".top").replaceWith($(".top", next));
  $("#main").replaceWith($("#main", next));
  ready();
  if (focus) {
    const target = url.hash && document.getElementById(url.hash.slice(1));
    target ? target.scrollIntoView() : scrollTo(0, 0);
    $("#main").focus({ preventScroll: true });
  }
}

addEventListener("popstate", () => show(location.href, { push: false }));

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.matches("[data-play]")) {
    event.preventDefault();
    start(link);
  } else if (link.origin === location.origin && PAGES.test(link.pathname) && !link.matches("[download], .skip")) {
    event.preventDefault();
    show(link.href);
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const url = new URL(form.action);
  if (form.method !== "get" || !PAGES.test(url.pathname)) return;
  event.preventDefault();
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form, event.submitter)) if (value !== "") asked.append(name, value);
  url.search = asked;
  const change = event.submitter?.name === "change" ? event.submitter.value : "";
  show(url, { focus: !change }).then(() => change && stay(change));
});

// After a move the same button of the same song has the focus again; of a song that is gone, the list.
function stay(change) {
  const again = $$("#arrange button").find((button) => button.value === change && !button.disabled);
  const song = change.slice(change.indexOf(":") + 1);
  const beside = $$("#arrange button").find((button) => button.value.endsWith(`:${song}`) && !button.disabled);
  (again ?? beside ?? $("#main")).focus();
}

// ---- sound

const audio = $("#audio");
let queue = []; // {href, title, artist} in the order of the page on which playing began
let at = -1;

function start(link) {
  queue = $$("[data-play]").map((each) => ({ href: each.href, title: each.dataset.title, artist: each.dataset.artist }));
  play(queue.findIndex((each) => each.href === link.href));
}

function play(place) {
  if (place < 0 || place >= queue.length) return;
  at = place;
  $("#player").hidden = false;
  audio.src = queue[at].href;
  audio.play().catch(() => ($("#playing").textContent = `${queue[at].title} cannot be played`));
  $("#playing").textContent = [queue[at].title, queue[at].artist].filter(Boolean).join(", ");
  mark();
}

function mark() {
  for (const link of $$("[data-play]")) link.closest(".song")?.classList.toggle("now", at >= 0 && link.href === queue[at]?.href);
}

function toggle() {
  if (at < 0) {
    const first = $("[data-play]");
    if (first) start(first);
  } else if (audio.paused) audio.play();
  else audio.pause();
}

audio.addEventListener("ended", () => play(at + 1));
audio.addEventListener("error", () => at >= 0 && ($("#playing").textContent = `${queue[at].title} cannot be played`));
$("#next").addEventListener("click", () => play(at + 1));
$("#previous").addEventListener("click", () => play(at - 1));

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, audio, canvas")) return;
  const pressable = event.target.closest("button, a, summary, label");
  if (event.key === " " && !pressable && ($("[data-play]") || at >= 0)) toggle();
  else if (event.key === "ArrowRight" && at >= 0) play(at + 1);
  else if (event.key === "ArrowLeft" && at >= 0) play(at - 1);
  else return;
  event.preventDefault();
});

// ---- a playlist, dragged into another order: the new order is an address, and the server draws it

function draggable(form) {
  let dragged = null;
  for (const song of $$(".song", form)) {
    song.draggable = true;
    song.addEventListener("dragstart", (event) => {
      dragged = song;
      song.classList.add("dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", song.dataset.song);
    });
    song.addEventListener("dragend", () => {
      song.classList.remove("dragged");
      $$(".over", form).forEach((each) => each.classList.remove("over"));
      dragged = null;
    });
    song.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      $$(".over", form).forEach((each) => each.classList.remove("over"));
      song.classList.add("over");
    });
    song.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const songs = $$(".song", form);
      if (songs.indexOf(dragged) < songs.indexOf(song)) song.after(dragged);
      else song.before(dragged);
      const asked = new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "song"));
      for (const each of $$(".song", form)) asked.append("song", each.dataset.song);
      show(`/playlist?${asked}`, { focus: false });
    });
  }
}

// ---- the map

const unpack = (buffer) => {
  const n = buffer.byteLength / 5;
  return { n, x: new Uint16Array(buffer, 0, n), y: new Uint16Array(buffer, 2 * n, n), cluster: new Uint8Array(buffer, 4 * n, n) };
};

async function map(box) {
  const canvas = $("canvas", box), tip = $(".tip", box), pen = canvas.getContext("2d");
  const line = canvas.dataset.places.split(",").filter(Boolean).map(Number);
  const labels = JSON.parse(canvas.dataset.labels);
  const answer = await fetch(canvas.dataset.points);
  if (!answer.ok) {
    tip.textContent = "The map cannot be had now.";
    return;
  }
  const { n, x, y, cluster } = unpack(await answer.arrayBuffer());
  let zoom = 1, left = 0, top = 0, near = -1, frame = 0;
  const names = new Map();

  const side = () => Math.min(box.clientWidth, box.clientHeight) - 24;
  const px = (v) => (v / 65535 - 0.5 - left) * side() * zoom + box.clientWidth / 2;
  const py = (v) => (v / 65535 - 0.5 - top) * side() * zoom + box.clientHeight / 2;

  function draw() {
    frame = 0;
    const ratio = devicePixelRatio || 1, w = box.clientWidth, h = box.clientHeight;
    if (!w) return;
    canvas.width = w * ratio;
    canvas.height = h * ratio;
    pen.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), marker = style.getPropertyValue("--marker"), paper = style.getPropertyValue("--sheet");
    const size = Math.max(1.2, Math.min(6, (n < 2000 ? 4 : 1.6) * Math.sqrt(zoom)));
    const lit = near >= 0 ? cluster[near] : 255;
    pen.fillStyle = ink;
    for (const pass of [0, 1]) {
      pen.globalAlpha = pass ? 0.95 : lit === 255 ? 0.55 : 0.28;
      for (let i = 0; i < n; i++) {
        if ((lit !== 255 && cluster[i] === lit) !== Boolean(pass)) continue;
        const u = px(x[i]), v = py(y[i]);
        if (u > -4 && v > -4 && u < w + 4 && v < h + 4) pen.fillRect(u - size / 2, v - size / 2, size, size);
      }
    }
    pen.globalAlpha = 1;
    pen.font = "600 12px system-ui";
    pen.textAlign = "center";
    const taken = [];
    for (const { name, x: lx, y: ly } of labels) {
      const half = pen.measureText(name).width / 2 + 6;
      const x0 = px(lx), y0 = py(ly) - 16;
      if (x0 < 0 || y0 < -16 || x0 > w || y0 > h) continue;
      const u = Math.min(Math.max(x0, half), w - half), v = Math.max(y0, 16); // whole, also where its songs lie at the edge
      if (taken.some(([a, b, c]) => Math.abs(a - u) < half + c && Math.abs(b - v) < 18)) continue;
      taken.push([u, v, half]);
      pen.lineWidth = 4;
      pen.strokeStyle = paper;
      pen.strokeText(name, u, v);
      pen.fillStyle = ink;
      pen.fillText(name, u, v);
    }
    if (line.length) {
      for (const [width, colour] of [[5, "#16181d"], [2.5, marker]]) {
        pen.lineWidth = width;
        pen.strokeStyle = colour;
        pen.lineJoin = "round";
        pen.beginPath();
        line.forEach((place, i) => (i ? pen.lineTo : pen.moveTo).call(pen, px(x[place]), py(y[place])));
        pen.stroke();
      }
      pen.font = "600 11px system-ui";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      line.forEach((place, i) => dot(px(x[place]), py(y[place]), 9, marker, String(i + 1)));
    }
    if (near >= 0) dot(px(x[near]), py(y[near]), 7, marker, "");
  }

  function dot(u, v, radius, colour, text) {
    pen.beginPath();
    pen.arc(u, v, radius, 0, 7);
    pen.fillStyle = colour;
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = "#16181d";
    pen.stroke();
    pen.fillStyle = "#16181d";
    pen.fillText(text, u, v);
  }

  const redraw = () => (frame ||= requestAnimationFrame(draw));

  function nearest(u, v) {
    let best = 20 * 20, found = -1;
    for (let i = 0; i < n; i++) {
      const away = (px(x[i]) - u) ** 2 + (py(y[i]) - v) ** 2;
      if (away < best) [best, found] = [away, i];
    }
    return found;
  }

  async function named(place) {
    if (!names.has(place)) names.set(place, fetch(`/api/v1/map/songs/${place}`).then((reply) => reply.json()));
    return names.get(place);
  }

  async function point(event) {
    const { left: l, top: t } = canvas.getBoundingClientRect();
    const found = nearest(event.clientX - l, event.clientY - t);
    if (found === near) return;
    near = found;
    redraw();
    if (near < 0) return;
    await announce(near);
  }

  async function announce(place) {
    const song = await named(place);
    if (place === near) tip.textContent = `${song.title}, ${song.artist}${song.cluster ? ` (${song.cluster})` : ""}`;
  }

  function scale(by, u = box.clientWidth / 2, v = box.clientHeight / 2) {
    const unit = side() * zoom, to = Math.min(40, Math.max(1, zoom * by));
    left += (u - box.clientWidth / 2) * (1 / unit - 1 / (side() * to));
    top += (v - box.clientHeight / 2) * (1 / unit - 1 / (side() * to));
    zoom = to;
    redraw();
  }

  let pressed = null;
  canvas.addEventListener("pointerdown", (event) => {
    pressed = { x: event.clientX, y: event.clientY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pressed) return void point(event);
    const dx = event.clientX - pressed.x, dy = event.clientY - pressed.y;
    if (!pressed.moved && Math.hypot(dx, dy) < 5) return;
    left -= dx / (side() * zoom);
    top -= dy / (side() * zoom);
    pressed = { x: event.clientX, y: event.clientY, moved: true };
    redraw();
  });
  canvas.addEventListener("pointerup", async (event) => {
    const moved = pressed?.moved;
    pressed = null;
    if (moved) return;
    const before = near;
    await point(event);
    // A finger does not hover: its first tap names the song, the second opens it.
    if (near >= 0 && (event.pointerType === "mouse" || before === near)) show((await named(near)).url);
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left: l, top: t } = canvas.getBoundingClientRect();
    scale(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - l, event.clientY - t);
  }, { passive: false });
  // With keys: the nearest song in a direction, from the one that has the mark or from the middle.
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function beside([dx, dy]) {
    const u = near < 0 ? box.clientWidth / 2 : px(x[near]), v = near < 0 ? box.clientHeight / 2 : py(y[near]);
    let best = Infinity, found = near;
    for (let i = 0; i < n; i++) {
      const ahead = (px(x[i]) - u) * dx + (py(y[i]) - v) * dy, aside = Math.abs((px(x[i]) - u) * dy) + Math.abs((py(y[i]) - v) * dx);
      if (i !== near && ahead > 0.5 && ahead + 2 * aside < best) [best, found] = [ahead + 2 * aside, i];
    }
    return found;
  }

  function land(place) {
    near = place;
    const u = px(x[near]), v = py(y[near]); // what the mark leaves is brought back into sight
    if (u < 20 || u > box.clientWidth - 20) left += (u - box.clientWidth / 2) / (side() * zoom);
    if (v < 20 || v > box.clientHeight - 60) top += (v - box.clientHeight / 2) / (side() * zoom);
    redraw();
    return announce(place);
  }

  canvas.addEventListener("keydown", async (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (WAYS[event.key]) {
      const place = beside(WAYS[event.key]);
      if (place >= 0) land(place);
    } else if (event.key === "+" || event.key === "=") scale(1.5, near < 0 ? undefined : px(x[near]), near < 0 ? undefined : py(y[near]));
    else if (event.key === "-" || event.key === "−") scale(1 / 1.5);
    else if (event.key === "Enter" && near >= 0) show((await named(near)).url);
    else return;
    event.preventDefault();
  });
  $("[data-zoom=in]", box).addEventListener("click", () => scale(1.5));
  $("[data-zoom=out]", box).addEventListener("click", () => scale(1 / 1.5));
  new ResizeObserver(redraw).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  draw();
  canvas.dataset.drawn = n;
}

// ---- what each page gets when it appears

function ready() {
  for (const slider of $$("input[type=range]")) {
    const output = $(`output[for="${slider.id}"]`);
    const say = () => (output.textContent = Number(slider.value) < 0 ? "any" : slider.value);
    slider.addEventListener("input", say);
    say();
  }
  const all = $("#play-all");
  if (all && $("[data-play]")) {
    all.hidden = false;
    all.addEventListener("click", () => start($("[data-play]")));
  }
  const form = $("#arrange");
  if (form) draggable(form);
  const box = $(".map");
  if (box) map(box);
  mark();
}

ready();
