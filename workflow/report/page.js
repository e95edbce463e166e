/* One of several panels at a time, chosen by buttons (radio inputs: arrow keys); tables that sort (number columns from the largest, a third click restores), and a contents list that follows the reader. */
(() => {
  "use strict";
  const chosen = {}, choices = [];                                // head: value, the same in all choices
  document.querySelectorAll(".choice").forEach((box, n) => {
    const heads = JSON.parse(box.dataset.heads), bar = document.createElement("div"), sets = {};
    const panels = [...box.querySelectorAll(":scope > .panel")].map(e => ({e, picks: JSON.parse(e.dataset.picks)}));
    bar.className = "choose";
    for (const [head, values] of heads) {
      const set = bar.appendChild(document.createElement("fieldset")), legend = set.appendChild(document.createElement("legend"));
      legend.textContent = head;
      sets[head] = {set, inputs: values.map(value => {
        const label = set.appendChild(document.createElement("label")), input = label.appendChild(document.createElement("input"));
        Object.assign(input, {type: "radio", name: `choice-${n}-${head}`, value});
        label.appendChild(document.createElement("span")).textContent = value;
        input.addEventListener("change", () => { chosen[head] = value; choices.forEach(show => show()); });
        return input;
      })};
    }
    box.prepend(bar);
    choices.push(() => {
      let left = panels;                                          // those that the heads so far allow
      const now = {};
      for (const [head, values] of heads) {
        const there = new Set(left.map(p => p.picks[head]).filter(v => v !== undefined));
        now[head] = there.has(chosen[head]) ? chosen[head] : values.find(v => there.has(v));
        sets[head].set.hidden = !there.size;
        for (const input of sets[head].inputs) {
          input.disabled = !there.has(input.value);
          input.checked = input.value === now[head];
        }
        left = left.filter(p => p.picks[head] === undefined || p.picks[head] === now[head]);
      }
      for (const p of panels) p.e.hidden = !left.includes(p);
    });
    choices.at(-1)();
  });
  for (const table of document.querySelectorAll("table.sorts")) {
    const bodies = [...table.tBodies].map(body => ({body, rows: [...body.querySelectorAll("tr:not(.title)")]}));
    const buttons = [...table.querySelectorAll("th button")];
    const methods = bodies.filter(b => b.body.classList.contains("group"));
    const place = (order, moved) => {
      table.classList.toggle("sorted", moved);
      for (const b of bodies) if (!methods.includes(b)) b.body.append(...order(b.rows));
      if (!methods.length) return;
      if (moved) methods[0].body.append(...order(methods.flatMap(b => b.rows)));   // the groups are one while sorted
      else methods.forEach(b => b.body.append(...b.rows));
    };
    buttons.forEach(button => button.addEventListener("click", () => {
      const head = button.closest("th"), k = +button.dataset.column, numeric = head.classList.contains("num");
      const steps = numeric ? ["descending", "ascending", "none"] : ["ascending", "descending", "none"];
      const now = steps[(steps.indexOf(head.getAttribute("aria-sort") ?? "none") + 1) % 3];
      buttons.forEach(b => b.closest("th").setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", now);
      const key = row => row.cells[k].dataset.value ?? row.cells[k].textContent.trim();
      const sign = now === "descending" ? -1 : 1;
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (!numeric) return sign * x.localeCompare(y, "en", {numeric: true});
        return (y === "" ? 0 : 1) - (x === "" ? 0 : 1) || sign * (x - y);
      };
      place(rows => now === "none" ? rows : [...rows].sort(compare), now !== "none");
    }));
  }
  const links = new Map([...document.querySelectorAll("nav.toc a")].map(a => [a.hash.slice(1), a]));
  const spy = new IntersectionObserver(entries => entries.forEach(e => {
    if (!e.isIntersecting) return;
    links.forEach(a => a.removeAttribute("aria-current"));
    links.get(e.target.id)?.setAttribute("aria-current", "true");
  }), {rootMargin: "-10% 0px -75% 0px"});
  document.querySelectorAll("main > section").forEach(s => spy.observe(s));
})();
