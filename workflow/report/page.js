/* Tables that sort (number columns from the largest, a third click restores), and a contents list that follows the reader. */
(() => {
  "use strict";
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
