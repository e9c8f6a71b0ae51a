// What every page shares: loading data files by script elements, sorting and filtering tables, copying text.
// Nothing here reads or writes markup: text is set as text, so that no recorded word can act.
"use strict";
(() => {
  document.documentElement.classList.add("js");
  const found = new Map(), waiting = new Map();
  const take = ([name, value]) => { found.set(name, value); waiting.get(name)?.(value); waiting.delete(name); };
  (self.cab || []).forEach(take);
  self.cab = { push: take };

  const safe = (url) => {
    const made = new URL(url, document.baseURI);
    const home = new URL(document.body.dataset.root || "./", document.baseURI);
    const inside = made.protocol === home.protocol && made.host === home.host && made.pathname.startsWith(home.pathname);
    if (!inside || !made.pathname.endsWith(".js")) throw new TypeError("not a file of this site: " + url);
    return made.href;
  };
  const policy = self.trustedTypes ? trustedTypes.createPolicy("cab", { createScriptURL: safe }) : { createScriptURL: safe };

  // A data file's value by the name it gives itself. `again` loads it even if it stands.
  const load = (name, url, again = false) => new Promise((done, failed) => {
    if (found.has(name) && !again) { done(found.get(name)); return; }
    const script = document.createElement("script");
    waiting.set(name, done);
    // The same name may already be asked for again by the time this file has ended: only one's own wait is given up.
    const give = (why) => { script.remove(); if (waiting.get(name) === done) { waiting.delete(name); failed(new Error(url + why)); } };
    script.onerror = () => give(" cannot be read");
    script.onload = () => give(" says nothing");
    script.src = policy.createScriptURL(url);
    document.head.append(script);
  });

  // el("td.n", {title: "x"}, "text", child): an element with class, attributes and children; strings become text.
  const el = (what, attrs, ...children) => {
    const [tag, ...classes] = what.split(".");
    const made = document.createElement(tag);
    if (classes.length) made.className = classes.join(" ");
    for (const [name, value] of Object.entries(attrs || {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  const number = (value, digits = 0) => value === null || value === undefined ? "–"
    : value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replaceAll(",", "\u202f");

  const seconds = (ns) => {
    if (ns === null || ns === undefined) return "–";
    const size = Math.abs(ns);
    return size < 1e6 ? Math.round(ns / 1e3) + " µs" : size < 1e9 ? Math.round(ns / 1e6) + " ms" : (ns / 1e9).toFixed(2) + " s";
  };

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    return cell.dataset.v !== undefined ? cell.dataset.v : cell.textContent.trim();
  };

  // Unknown values go last whichever way one sorts: they are neither small nor large.
  const order = (column, down) => (one, other) => {
    const a = valueOf(one, column), b = valueOf(other, column);
    if (a === "" || a === "–" || b === "" || b === "–") return (a === "" || a === "–") - (b === "" || b === "–");
    const x = Number(a), y = Number(b);
    const way = Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
    return down ? -way : way;
  };

  const sortable = (table) => {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = el("button.sort", { type: "button" }, ...head.childNodes);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending" || (!head.hasAttribute("aria-sort") && head.classList.contains("n"));
        [...table.tHead.rows[0].cells].forEach((cell) => cell.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        table.dispatchEvent(new CustomEvent("cab:sort"));
        body.append(...[...body.rows].sort(order(column, down)));
      });
      if (!head.querySelector("a")) head.append(button); else head.prepend(...button.childNodes);
    });
  };

  const filtered = (table) => {
    if (table.tBodies[0].rows.length < 8) return;
    const said = el("span.note", { role: "status" });
    const input = el("input", { type: "search", placeholder: "words to look for", autocomplete: "off" });
    const narrow = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      said.textContent = words.length ? `${shown} of ${table.tBodies[0].rows.length}` : "";
    };
    input.addEventListener("input", narrow);
    table.closest(".scroll").before(el("p.tools", {}, el("label", {}, "Filter ", input), " ", said));
  };

  const copyable = (place) => {
    if (!navigator.clipboard) return;
    const button = el("button.copy", { type: "button", "aria-label": "Copy" }, "copy");
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(place.textContent); button.textContent = "copied"; }
      catch { getSelection().selectAllChildren(place); button.textContent = "selected"; }
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
    place.after(button);
  };

  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  };

  self.Cab = { load, el, number, seconds, sortable, root: document.body.dataset.root || "" };
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("table.filtered").forEach(filtered);
  document.querySelectorAll("[data-copy]").forEach(copyable);
  // On paper everything is open; browsers that cannot say so in a stylesheet are told here.
  let shut = [];
  addEventListener("beforeprint", () => { shut = [...document.querySelectorAll("details:not([open])")]; shut.forEach((one) => { one.open = true; }); });
  addEventListener("afterprint", () => { shut.forEach((one) => { one.open = false; }); shut = []; });
  addEventListener("hashchange", open);
  open();
})();
