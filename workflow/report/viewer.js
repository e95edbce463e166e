/* Slice viewer. Volumes are 8-bit PNG mosaics (all axial slices, D.cols side by side) in <script id="sv-data" type="application/json">.
   One toolbar sets map, opacity, threshold, window and outlines of all cases; each case has its own place [x, y, z], seen in three planes. */
(() => {
  "use strict";
  const source = document.getElementById("sv-data");
  if (!source) return;
  const D = JSON.parse(source.textContent), {nx: W, ny: H, nz: N, cols: C} = D, SIZE = [W, H, N];
  const LUT = Uint8Array.from(atob(D.lut), c => c.charCodeAt(0)), GREY = Uint8Array.from({length: 768}, (_, i) => i / 3 | 0);
  const ZOOM = Math.max(2, Math.ceil(480 / W)), FADE = 24, cache = {}, mounted = [], bar = document.getElementById("sv-tools");
  const T = Object.fromEntries(["map", "opacity", "threshold", "times", "hide", "low", "high", "label", "found"].map(n => [n, bar.querySelector(`[name=${n}]`)]));
  // across and down: axes of the volume (0: x, 1: y, 2: slices) in the picture; slices run up in the two upright planes.
  const PLANES = [{name: "axial", across: 0, down: 1, along: 2, sides: "RL"}, {name: "coronal", across: 0, down: 2, along: 1, sides: "RL"},
                  {name: "sagittal", across: 1, down: 2, along: 0, sides: "AP"}];
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
  const times = () => T.threshold.value / 100;

  function mount(fig) {
    const id = fig.dataset.case, info = D.cases[id], pic = fig.querySelector("img"), at = [...info.at];
    const z = el("input", {type: "range", min: 0, max: N - 1, value: at[2], "aria-label": `${fig.dataset.name}: axial slice`});
    const out = el("output", {}), scale = el("canvas", {width: 256, height: 1, class: "bar", "aria-hidden": "true"}), top = el("span", {});
    const views = PLANES.map(plane => view(plane)), side = el("div", {class: "side"}, views[1].cv, views[2].cv);
    pic.after(el("div", {class: "live"}, views[0].cv, side, z, el("div", {class: "scale"}, "0", scale, top), out));
    let t1, ov, mask, score, name = "", lut = LUT, job = 0;

    const least = () => info.threshold === null ? null : Math.max(1, info.threshold / info.tops.score * 255 * times());
    function dice() {
      const t = least();
      if (t === null) return "";
      let found = 0, label = 0, both = 0;
      for (let i = 0; i < mask.length; i++) {
        const m = mask[i] > 0, f = score[i] >= t;
        found += f; label += m; both += m && f;
      }
      return ` · Dice ≈ ${(200 * both / Math.max(1, found + label)).toFixed(1)} % at ${(info.threshold * times()).toPrecision(2)}`;
    }
    function draw() {
      views.forEach(v => v.draw());
      const [x, y, s] = at, i = (s * H + y) * W + x;
      z.value = s;
      out.value = `slice ${s + 1} of ${N} · T1 ${(t1[i] / 255).toFixed(2)}` + (ov ? ` · ${name} ${(ov[i] / 255 * info.tops[name]).toFixed(2)}` : "") + dice();
      z.setAttribute("aria-valuetext", `slice ${s + 1} of ${N}`);
      fig.dataset.drawn = s + 1;
    }

    function view({name: plane, across, down, along, sides}) {
      const w = SIZE[across], h = SIZE[down], up = down === 2, stride = [1, W, W * H];
      const cv = el("canvas", {width: w * ZOOM, height: h * ZOOM, tabindex: 0, role: "slider", "aria-label": `${fig.dataset.name}: ${plane} slice`,
        "aria-valuemin": 1, "aria-valuemax": SIZE[along], "aria-orientation": "vertical"}), g = cv.getContext("2d");
      const small = el("canvas", {width: w, height: h}), sg = small.getContext("2d"), img = sg.createImageData(w, h);
      const index = (c, r) => at[along] * stride[along] + c * stride[across] + (up ? h - 1 - r : r) * stride[down];

      function paint() {
        const low = +T.low.value, k = 255 / Math.max(1, +T.high.value - low), o = T.opacity.value / 100, p = img.data, t = least();
        const floor = info.grey.includes(name) ? -FADE : 0, hide = T.hide.checked && t !== null;
        for (let r = 0, q = 0; r < h; r++)
          for (let c = 0; c < w; c++, q += 4) {
            const i = index(c, r), b = Math.min(255, Math.max(0, (t1[i] - low) * k)), v = ov && !(hide && score[i] < t) ? ov[i] : 0;
            const f = ov && !(hide && score[i] < t) ? o * Math.min(1, Math.max(0, (v - floor) / FADE)) : 0;
            for (let n = 0; n < 3; n++) p[q + n] = b + f * (lut[3 * v + n] - b);
            p[q + 3] = 255;
          }
        sg.putImageData(img, 0, 0);
        g.imageSmoothingQuality = "high";
        g.drawImage(small, 0, 0, cv.width, cv.height);
        if (T.found.checked && t !== null) outline(score, t, "#fff", [6, 4]);
        if (T.label.checked) outline(mask, 1, "#3ddbd9", []);
        g.font = `600 ${along === 2 ? 18 : 26}px system-ui, sans-serif`;
        g.fillStyle = "#fff";
        g.fillText(sides[0], 8, cv.height / 2);
        g.fillText(sides[1], cv.width - (along === 2 ? 20 : 28), cv.height / 2);
        if (along !== 2 || cv === document.activeElement) cross();
        cv.setAttribute("aria-valuenow", at[along] + 1);
        cv.setAttribute("aria-valuetext", `slice ${at[along] + 1} of ${SIZE[along]}`);
      }
      function cross() {                                          // where the other planes cut this one, left free at the place itself
        const x = (at[across] + .5) * ZOOM, y = (up ? h - .5 - at[down] : at[down] + .5) * ZOOM;
        g.strokeStyle = "rgba(255,255,255,.55)";
        g.lineWidth = 1.5;
        g.beginPath();
        for (const [a, b, c, d] of [[0, y, x - 20, y], [x + 20, y, cv.width, y], [x, 0, x, y - 20], [x, y + 20, x, cv.height]]) { g.moveTo(a, b); g.lineTo(c, d); }
        g.stroke();
      }
      function outline(v, t, style, dash) {                       // along voxel edges, black below the colour
        const path = new Path2D(), m = (c, r) => c >= 0 && r >= 0 && c < w && r < h && v[index(c, r)] >= t;
        const line = (x, y, u, e) => { path.moveTo(x * ZOOM, y * ZOOM); path.lineTo(u * ZOOM, e * ZOOM); };
        for (let r = 0; r <= h; r++)
          for (let c = 0; c <= w; c++) {
            if (m(c, r) !== m(c - 1, r)) line(c, r, c, r + 1);
            if (m(c, r) !== m(c, r - 1)) line(c, r, c + 1, r);
          }
        for (const [colour, width] of [["#000", 4], [style, 2]]) {
          g.strokeStyle = colour;
          g.lineWidth = width;
          g.setLineDash(dash);
          g.stroke(path);
        }
        g.setLineDash([]);
      }
      const go = d => { const n = Math.min(SIZE[along] - 1, Math.max(0, at[along] + d)), moved = n !== at[along]; at[along] = n; if (t1) draw(); return moved; };
      const keys = {ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5, Home: -SIZE[along], End: SIZE[along]};
      const flips = {l: T.label, t: T.found}, slides = {"[": [T.opacity, -10], "]": [T.opacity, 10], ",": [T.threshold, -5], ".": [T.threshold, 5]};
      cv.addEventListener("keydown", e => {
        if (e.ctrlKey || e.metaKey || e.altKey) return;
        if (keys[e.key]) go(keys[e.key]);
        else if (flips[e.key]) { flips[e.key].checked = !flips[e.key].checked; all("draw"); }
        else if (slides[e.key]) { const [input, step] = slides[e.key]; input.value = +input.value + step; all("draw"); }
        else if (e.key === "m") { T.map.selectedIndex = (T.map.selectedIndex + 1) % T.map.length; all("load"); }
        else return;
        e.preventDefault();
      });
      cv.addEventListener("wheel", e => {                         // only after a click or Tab, so that the page still scrolls
        if (document.activeElement === cv && go(e.deltaY < 0 ? 1 : -1)) e.preventDefault();
      }, {passive: false});
      let from = null;                                            // sideways drag: slices (a phone has no wheel); without a drag: the place
      cv.addEventListener("pointerdown", e => { from = {x: e.clientX, n: at[along], moved: false}; cv.setPointerCapture(e.pointerId); });
      cv.addEventListener("pointercancel", () => { from = null; });
      cv.addEventListener("pointermove", e => {
        if (!from || !t1 || Math.abs(e.clientX - from.x) < 6 && !from.moved) return;
        from.moved = true;
        go(from.n + Math.round((e.clientX - from.x) / 6) - at[along]);
      });
      cv.addEventListener("pointerup", e => {
        if (from && !from.moved && t1) {
          const b = cv.getBoundingClientRect(), part = (n, size, a) => Math.min(n - 1, Math.max(0, Math.floor(a / size * n)));
          const r = part(h, b.height, e.clientY - b.top);
          at[across] = part(w, b.width, e.clientX - b.left);
          at[down] = up ? h - 1 - r : r;
          draw();
        }
        from = null;
      });
      for (const n of ["focus", "blur"]) cv.addEventListener(n, () => t1 && paint());
      return {cv, draw: paint};
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
    z.addEventListener("input", () => { at[2] = +z.value; if (t1) draw(); });
    mounted.push({load: () => load().catch(e => { out.value = `cannot decode: ${e.message}`; }), draw: () => t1 && draw()});
    mounted.at(-1).load();
  }
  const all = what => { T.times.value = `× ${times().toFixed(2)}`; mounted.forEach(m => m[what]()); };
  for (const n of ["opacity", "threshold", "hide", "low", "high", "label", "found"]) T[n].addEventListener("input", () => all("draw"));
  T.map.addEventListener("change", () => all("load"));
  const seen = new IntersectionObserver(es => es.forEach(e => { if (e.isIntersecting) { seen.unobserve(e.target); mount(e.target); } }), {rootMargin: "300px"});
  document.querySelectorAll("figure.sv").forEach(f => seen.observe(f));
})();
