// All cells of the site, filtered and sorted in the browser; at most a page of rows is drawn at a time.
"use strict";
(() => {
  const { load, el, number, root } = self.Cab;
  const section = document.querySelector("[data-cells]");
  if (!section) return;
  const FIELDS = ["agent", "model", "task", "category", "language", "sandbox", "sweep"];
  const AT = { solved: 7, n: 8, invalid: 9, unsealed: 10, composite: 11, low: 12, high: 13, integrity: 14, refusal: 15, blast: 16, tokens: 17, time: 18, runs: 19 };
  const COLUMNS = [
    ["Task", 2], ["Agent", 0], ["Model", 1], ["Runs", null], ["Solved", "share"], ["Composite", AT.composite, 3], ["Integrity", AT.integrity, 2],
    ["Refusal", AT.refusal, 2], ["Blast", AT.blast, 2], ["Tokens / correct", AT.tokens, 0], ["Agent time, s", AT.time, 1],
  ];
  const PAGE = 50;
  const LEVEL = { "✓": "good", "✗": "bad", "?": "warn", "∅": "void", "…": "open" };
  const SAID = { "✓": "solved", "✗": "not solved", "?": "no verdict", "∅": "invalid", "…": "still open" };

  // Wilson's interval of a share, as the pages state it.
  const wilson = (k, n) => {
    const z = 1.959963984540054, share = k / n, centre = (share + z * z / (2 * n)) / (1 + z * z / n);
    const half = z / (1 + z * z / n) * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    return [k === 0 ? 0 : Math.max(0, centre - half), k === n ? 1 : Math.min(1, centre + half)];
  };
  const share = (row) => row[AT.n] ? row[AT.solved] / row[AT.n] : null;

  const start = (data) => {
    const names = FIELDS.map((field) => data.names[field]);
    const text = data.rows.map((row) => FIELDS.map((_, at) => names[at][row[at]]).join(" ").toLowerCase());
    const state = { sort: 2, down: false, page: 0, words: [], chosen: FIELDS.map(() => -1), verdict: "" };
    const status = el("p.note", { role: "status" });
    const body = el("tbody");
    const heads = COLUMNS.map(([name, by]) => {
      const head = el("th" + (by === "share" || by > 6 ? ".n" : ""), { scope: "col" });
      if (by === null) { head.append(name); return head; }
      head.append(el("button.sort", { type: "button", onclick: () => {
        state.down = state.sort === by ? !state.down : by === "share" || by > 6;
        state.sort = by; state.page = 0;
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        draw();
      } }, name));
      return head;
    });
    const pager = el("p.tools");
    const pick = (label, options, act) => el("label", {}, label + " ", el("select", { onchange: (event) => { act(event.target.value); state.page = 0; draw(); } },
      el("option", { value: "" }, "all"), ...options.map(([value, said]) => el("option", { value }, said))));
    const picks = FIELDS.map((field, at) => names[at].length > 1 ? pick(field[0].toUpperCase() + field.slice(1),
      names[at].map((name, n) => [String(n), name || "not stated"]).sort((a, b) => a[1].localeCompare(b[1])), (value) => { state.chosen[at] = value === "" ? -1 : Number(value); }) : null);
    const input = el("input", { type: "search", placeholder: "words to look for", autocomplete: "off", oninput: (event) => {
      state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean); state.page = 0; draw();
    } });
    const verdict = pick("Verdict", [["all", "every run solved"], ["some", "some runs solved"], ["none", "no run solved"], ["invalid", "with invalid runs"], ["unsealed", "unsealed sandbox"]], (value) => { state.verdict = value; });

    const passes = { "": () => true, all: (r) => r[AT.n] > 0 && r[AT.solved] === r[AT.n], some: (r) => r[AT.solved] > 0 && r[AT.solved] < r[AT.n], none: (r) => r[AT.n] > 0 && r[AT.solved] === 0, invalid: (r) => r[AT.invalid] > 0, unsealed: (r) => r[AT.unsealed] > 0 };
    const filter = () => {
      const out = [];
      data.rows.forEach((row, at) => {
        if (state.chosen.every((want, field) => want < 0 || row[field] === want) && passes[state.verdict](row) && state.words.every((word) => text[at].includes(word))) out.push(row);
      });
      return out;
    };
    const key = (row) => state.sort === "share" ? share(row) : state.sort < 7 ? names[state.sort][row[state.sort]] : row[state.sort];
    const sort = (rows) => {
      const way = state.down ? -1 : 1;
      return rows.map((row) => [key(row), row]).sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        return (a < b ? -1 : a > b ? 1 : 0) * way;
      }).map(([, row]) => row);
    };
    const line = (row) => el("tr", {}, ...[2, 0, 1].map((at) => el("td", {}, el("bdi", {}, names[at][row[at]]))),
      el("td.runs", {}, ...row[AT.runs].map(([slug, mark], at) => el("a.dot." + LEVEL[mark], { href: `${root}cells/${slug}/index.html`, "aria-label": `${names[2][row[2]]}, run ${at + 1}: ${SAID[mark]}` }, mark))),
      el("td.n", {}, row[AT.n] ? `${row[AT.solved]} / ${row[AT.n]}` : "–", row[AT.n] > 1 ? el("span.note", {}, " " + wilson(row[AT.solved], row[AT.n]).map((x) => x.toFixed(2)).join("–")) : ""),
      ...COLUMNS.slice(5).map(([, at, digits]) => el("td.n", {}, number(row[at], digits), at === AT.composite && row[AT.low] !== null ? el("span.note", {}, ` ${row[AT.low].toFixed(2)}–${row[AT.high].toFixed(2)}`) : "")));

    const draw = () => {
      const began = performance.now();
      const rows = sort(filter());
      const sums = rows.reduce((sum, row) => { [AT.solved, AT.n, AT.invalid, AT.unsealed].forEach((at, i) => { sum[i] += row[at]; }); sum[4] += row[AT.runs].length; return sum; }, [0, 0, 0, 0, 0]);
      const ends = sums[1] ? `${(sums[0] / sums[1] * 100).toFixed(1)} % (95 % interval ${wilson(sums[0], sums[1]).map((x) => (x * 100).toFixed(1)).join("–")})` : "no verdict";
      status.textContent = `${number(rows.length)} cells, ${number(sums[4])} runs: ${number(sums[0])} of ${number(sums[1])} solved, ${ends}; ${number(sums[2])} invalid, ${number(sums[3])} unsealed.`;
      const pages = Math.max(1, Math.ceil(rows.length / PAGE));
      state.page = Math.min(state.page, pages - 1);
      body.replaceChildren(...rows.slice(state.page * PAGE, (state.page + 1) * PAGE).map(line));
      const turn = (label, to) => el("button", { type: "button", disabled: to < 0 || to >= pages, onclick: () => { state.page = to; draw(); } }, label);
      pager.replaceChildren(...(pages > 1 ? [turn("‹ before", state.page - 1), ` page ${state.page + 1} of ${pages} `, turn("next ›", state.page + 1)] : []));
      section.dataset.took = (performance.now() - began).toFixed(2);
    };
    const table = el("table.data", {}, el("caption.sr", {}, "All cells, filtered"), el("thead", {}, el("tr", {}, ...heads)), body);
    section.append(el("div.tools.filters", { role: "search", "aria-label": "Filter cells" }, el("label", {}, "Filter ", input), ...picks.filter(Boolean), verdict), status,
      el("div.scroll", { tabindex: "0", role: "region", "aria-label": "Filtered cells" }, table), pager);
    draw();
  };
  load("cells", root + "data/cells.js").then(start).catch((error) => section.append(el("p.empty", {}, error.message)));
})();
