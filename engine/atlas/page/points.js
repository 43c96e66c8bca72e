"use strict";
// What the map computes, without the page: reading the data, finding points, colours of pixels, places of labels.

const NO_CODE = 0xffff; // a place in a list of moods that nothing fills

/** The bytes of a base64 text as an array of numbers; they were written little-endian, as browsers read them. */
function decode(text, Kind) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return new Kind(bytes.buffer);
}

/** Text as it is compared: lower case, without accents. */
function fold(text) {
  return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
}

/**
 * Points sorted into square cells, so that what lies near a place is found without reading all points.
 * Cell c holds items[starts[c]] .. items[starts[c + 1] - 1].
 */
function buildGrid(x, y, extent) {
  const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(x.length))));
  const size = (extent + 1) / side;
  const starts = new Uint32Array(side * side + 1);
  const cells = new Uint32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    cells[i] = Math.floor(y[i] / size) * side + Math.floor(x[i] / size);
    starts[cells[i] + 1]++;
  }
  for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  const items = new Uint32Array(x.length);
  for (let i = 0; i < x.length; i++) items[next[cells[i]]++] = i;
  return { side, size, starts, items };
}

/** The point nearest to (px, py) within `reach`, among those that `accept` takes; -1 where there is none. */
function nearest(grid, x, y, px, py, reach, accept) {
  const cell = (value) => Math.max(0, Math.min(grid.side - 1, Math.floor(value / grid.size)));
  let best = -1;
  let least = reach * reach;
  for (let row = cell(py - reach); row <= cell(py + reach); row++) {
    for (let column = cell(px - reach); column <= cell(px + reach); column++) {
      const c = row * grid.side + column;
      for (let at = grid.starts[c]; at < grid.starts[c + 1]; at++) {
        const i = grid.items[at];
        const distance = (x[i] - px) ** 2 + (y[i] - py) ** 2;
        if (distance <= least && accept(i)) {
          if (distance < least || best < 0 || i < best) best = i;
          least = distance;
        }
      }
    }
  }
  return best;
}

/** Up to `most` songs whose folded name holds every word, those whose name begins so first; and how many there are. */
function search(names, text, most) {
  const wanted = fold(text).split(/\s+/).filter(Boolean);
  if (!wanted.length) return { found: [], total: 0 };
  const start = wanted.join(" ");
  const first = [];
  const rest = [];
  let total = 0;
  for (let i = 0; i < names.length; i++) {
    if (!wanted.every((word) => names[i].includes(word))) continue;
    total++;
    if (names[i].startsWith(start)) {
      if (first.length < most) first.push(i);
    } else if (rest.length < most) rest.push(i);
  }
  return { found: first.concat(rest).slice(0, most), total };
}

/** A view is the place in the middle of the window and how many pixels a unit takes. */
function fitView(left, top, right, bottom, width, height) {
  const span = Math.max(right - left, 1) / Math.max(width - 60, 40);
  const rise = Math.max(bottom - top, 1) / Math.max(height - 60, 40);
  return { x: (left + right) / 2, y: (top + bottom) / 2, scale: 1 / Math.max(span, rise) };
}

/** The view after zooming by `factor` with what lies under (px, py) staying there. */
function zoomAt(view, factor, px, py, width, height, least, most) {
  const scale = Math.max(least, Math.min(most, view.scale * factor));
  const shift = 1 / view.scale - 1 / scale;
  return { x: view.x + (px - width / 2) * shift, y: view.y + (py - height / 2) * shift, scale };
}

/** The pixels of a disc: how far each is from the middle, and how much of it is covered, 0..256. */
function stamp(radius, opacity) {
  const dx = [];
  const dy = [];
  const cover = [];
  const reach = Math.ceil(radius);
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const share = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(row, column)));
      if (share > 0) {
        dx.push(column);
        dy.push(row);
        cover.push(Math.round(256 * opacity * share));
      }
    }
  }
  return { dx, dy, cover, reach };
}

/** Mix a colour into a pixel, both as 0xAABBGGRR numbers; `cover` of 256 replaces it. */
function mix(old, colour, cover) {
  const keep = 256 - cover;
  const outer = (((old & 0xff00ff) * keep + (colour & 0xff00ff) * cover) >>> 8) & 0xff00ff;
  const inner = (((old & 0x00ff00) * keep + (colour & 0x00ff00) * cover) >>> 8) & 0x00ff00;
  return (0xff000000 | outer | inner) >>> 0;
}

/** Draw discs into a field of pixels; `show[cluster[i]]` says whether point i is drawn. */
function paint(pixels, width, height, view, ratio, points, disc, colours, show) {
  const { x, y, cluster } = points;
  const scale = view.scale * ratio;
  const left = width / 2 - view.x * scale;
  const top = height / 2 - view.y * scale;
  const { dx, dy, cover, reach } = disc;
  for (let i = 0; i < x.length; i++) {
    if (!show[cluster[i]]) continue;
    const px = Math.round(x[i] * scale + left);
    const py = Math.round(y[i] * scale + top);
    if (px < reach || py < reach || px >= width - reach || py >= height - reach) continue;
    const colour = colours[cluster[i]];
    for (let s = 0; s < dx.length; s++) {
      const at = (py + dy[s]) * width + px + dx[s];
      pixels[at] = mix(pixels[at], colour, cover[s]);
    }
  }
}

/** Which of the boxes [{x, y, width, height}], asked in order, have room: none overlaps one that was taken before. */
function declutter(boxes, width, height) {
  const taken = [];
  return boxes.map((box) => {
    const left = box.x - box.width / 2;
    const top = box.y - box.height / 2;
    const right = left + box.width;
    const bottom = top + box.height;
    const fits =
      left >= 0 && top >= 0 && right <= width && bottom <= height &&
      taken.every((t) => right <= t.left || left >= t.right || bottom <= t.top || top >= t.bottom);
    if (fits) taken.push({ left, top, right, bottom });
    return fits;
  });
}
