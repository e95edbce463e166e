/* Slice viewer. Volumes are 8-bit PNG mosaics (all slices, D.cols side by side) in <script id="sv-data" type="application/json">.
   One toolbar sets map, opacity, window and outlines of all cases; each case has its own slice. */
(() => {
  "use strict";
  const source = document.getElementById("sv-data");
  if (!source) return;
  const D = JSON.parse(source.textContent), {nx: W, ny: H, nz: N, cols: C} = D;
  const LUT = Uint8Array.from(atob(D.lut), c => c.charCodeAt(0)), GREY = Uint8Array.from({length: 768}, (_, i) => i / 3 | 0);
  const ZOOM = Math.max(2, Math.ceil(480 / W)), FADE = 24, cache = {}, mounted = [], bar = document.getElementById("sv-tools");
  const tool = name => bar.querySelector(`[name=${name}]`);
  const T = Object.fromEntries(["map", "opacity", "floor", "low", "high", "label", "found"].map(n => [n, tool(n)]));
  bar.hidden = false;

  const el = (tag, attrs, ...kids) => {
    const e = document.createElement(tag);
    for (const k in attrs) e.setAttribute(k, attrs[k]);
    e.append(...kids);
    return e;
  };
  const volume = key => cache[key] ||= (async () => {            // mosaic -> one byte per voxel, slice after slice
    const im = new Image();
    im.src = "data:image/png;base64," + D.vols[key];
    await im.decode();
    const c = el("canvas", {width: im.width, height: im.height}), g = c.getContext("2d", {willReadFrequently: true});
    g.drawImage(im, 0, 0);
    const px = g.getImageData(0, 0, im.width, im.height).data, v = new Uint8Array(W * H * N);
    for (let z = 0, o = 0; z < N; z++)
      for (let y = 0; y < H; y++) {
        let s = ((Math.floor(z / C) * H + y) * im.width + (z % C) * W) * 4;
        for (let x = 0; x < W; x++, s += 4) v[o++] = px[s];
      }
    return v;
  })();

  function mount(fig) {
    const id = fig.dataset.case, info = D.cases[id], pic = fig.querySelector("img");
    const cv = el("canvas", {width: W * ZOOM, height: H * ZOOM, tabindex: 0, role: "slider", "aria-label": `${fig.dataset.name}: axial slice`,
      "aria-valuemin": 1, "aria-valuemax": N, "aria-orientation": "vertical"}), g = cv.getContext("2d");
    const small = el("canvas", {width: W, height: H}), sg = small.getContext("2d"), img = sg.createImageData(W, H);
    const z = el("input", {type: "range", min: 0, max: N - 1, value: info.slice, "aria-label": `${fig.dataset.name}: axial slice`});
    const out = el("output", {}), scale = el("canvas", {width: 256, height: 1, class: "bar", "aria-hidden": "true"}), top = el("span", {});
    pic.after(el("div", {class: "live"}, cv, z, el("div", {class: "scale"}, "0", scale, top), out));
    let t1, ov, mask, score, name = "", lut = LUT, job = 0, at = null;

    function draw() {
      const s = +z.value, a = s * W * H, low = +T.low.value, k = 255 / Math.max(1, +T.high.value - low), o = T.opacity.value / 100;
      const floor = info.grey.includes(name) ? -FADE : T.floor.value * 2.55, p = img.data;
      for (let i = 0, q = 0; i < W * H; i++, q += 4) {
        const b = Math.min(255, Math.max(0, (t1[a + i] - low) * k)), v = ov ? ov[a + i] : 0;
        const f = ov ? o * Math.min(1, Math.max(0, (v - floor) / FADE)) : 0;
        for (let c = 0; c < 3; c++) p[q + c] = b + f * (lut[3 * v + c] - b);
        p[q + 3] = 255;
      }
      sg.putImageData(img, 0, 0);
      g.imageSmoothingQuality = "high";
      g.drawImage(small, 0, 0, cv.width, cv.height);
      if (T.found.checked && info.threshold !== null) outline(score, a, info.threshold / info.tops.score * 255, "#fff", [6, 4]);
      if (T.label.checked) outline(mask, a, 1, "#3ddbd9", []);
      g.font = "600 18px system-ui, sans-serif";
      g.fillStyle = "#fff";
      g.fillText("R", 8, cv.height / 2);
      g.fillText("L", cv.width - 20, cv.height / 2);
      let note = `slice ${s + 1} of ${N}`;
      if (at !== null) note += ` · T1 ${(t1[a + at] / 255).toFixed(2)}` + (ov ? ` · ${name} ${(ov[a + at] / 255 * info.tops[name]).toFixed(2)}` : "");
      out.value = note;
      for (const e of [cv, z]) e.setAttribute("aria-valuetext", `slice ${s + 1} of ${N}`);
      cv.setAttribute("aria-valuenow", s + 1);
      fig.dataset.drawn = s + 1;
    }
    function outline(v, a, least, style, dash) {                  // along voxel edges, black below the colour
      const path = new Path2D(), m = (x, y) => x >= 0 && y >= 0 && x < W && y < H && v[a + y * W + x] >= least;
      const line = (x, y, u, w) => { path.moveTo(x * ZOOM, y * ZOOM); path.lineTo(u * ZOOM, w * ZOOM); };
      for (let y = 0; y <= H; y++)
        for (let x = 0; x <= W; x++) {
          if (m(x, y) !== m(x - 1, y)) line(x, y, x, y + 1);
          if (m(x, y) !== m(x, y - 1)) line(x, y, x + 1, y);
        }
      for (const [colour, width] of [["#000", 4], [style, 2]]) {
        g.strokeStyle = colour;
        g.lineWidth = width;
        g.setLineDash(dash);
        g.stroke(path);
      }
      g.setLineDash([]);
    }
    async function load() {
      const mine = ++job, wanted = info.maps.find(m => m.startsWith(T.map.value)) ?? "";
      const got = await Promise.all(["t1", "mask", "score", T.map.value && wanted].map(k => k && volume(`${id}/${k}`)));
      if (mine !== job) return;
      [t1, mask, score, ov] = got;
      name = T.map.value && wanted;
      lut = info.grey.includes(name) ? GREY : LUT;
      const g2 = scale.getContext("2d"), line = g2.createImageData(256, 1);
      for (let i = 0; i < 256; i++) line.data.set([lut[3 * i], lut[3 * i + 1], lut[3 * i + 2], 255], 4 * i);
      g2.putImageData(line, 0, 0);
      top.textContent = ov ? `${info.tops[name].toPrecision(2)} ${name}` : "no overlay";
      draw();
      fig.classList.add("ready");
    }
    const go = d => { const n = Math.min(N - 1, Math.max(0, +z.value + d)), moved = n !== +z.value; z.value = n; if (t1) draw(); return moved; };
    const keys = {ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5, Home: -N, End: N};
    const flips = {l: T.label, t: T.found};
    cv.addEventListener("keydown", e => {
      if (e.ctrlKey || e.metaKey || e.altKey) return;
      if (keys[e.key]) go(keys[e.key]);
      else if (flips[e.key]) { flips[e.key].checked = !flips[e.key].checked; all("draw"); }
      else if (e.key === "m") { T.map.selectedIndex = (T.map.selectedIndex + 1) % T.map.length; all("load"); }
      else if (e.key === "[" || e.key === "]") { T.opacity.value = +T.opacity.value + (e.key === "]" ? 10 : -10); all("draw"); }
      else return;
      e.preventDefault();
    });
    cv.addEventListener("wheel", e => {                           // only after a click or Tab, so that the page still scrolls
      if (document.activeElement === cv && go(e.deltaY < 0 ? 1 : -1)) e.preventDefault();
    }, {passive: false});
    let from = null;                                              // sideways drag: slices (a phone has no wheel)
    cv.addEventListener("pointerdown", e => { from = {x: e.clientX, z: +z.value}; cv.setPointerCapture(e.pointerId); });
    for (const n of ["pointerup", "pointercancel"]) cv.addEventListener(n, () => { from = null; });
    cv.addEventListener("pointerleave", () => { at = null; if (t1) draw(); });
    cv.addEventListener("pointermove", e => {
      const b = cv.getBoundingClientRect(), x = Math.floor((e.clientX - b.left) / b.width * W), y = Math.floor((e.clientY - b.top) / b.height * H);
      at = x >= 0 && y >= 0 && x < W && y < H ? y * W + x : null;
      if (t1) go(from ? from.z + Math.round((e.clientX - from.x) / 6) - +z.value : 0);
    });
    z.addEventListener("input", () => t1 && draw());
    mounted.push({load: () => load().catch(e => { out.value = `cannot decode: ${e.message}`; }), draw: () => t1 && draw()});
    mounted.at(-1).load();
  }
  const all = what => mounted.forEach(m => m[what]());
  for (const n of ["opacity", "floor", "low", "high", "label", "found"]) T[n].addEventListener("input", () => all("draw"));
  T.map.addEventListener("change", () => all("load"));
  const seen = new IntersectionObserver(es => es.forEach(e => { if (e.isIntersecting) { seen.unobserve(e.target); mount(e.target); } }), {rootMargin: "300px"});
  document.querySelectorAll("figure.sv").forEach(f => seen.observe(f));
})();
