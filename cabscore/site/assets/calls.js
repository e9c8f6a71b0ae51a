// Each model call's request, answer and difference to the request before it, loaded when it is opened.
"use strict";
(() => {
  const { load, el, number } = self.Cab;
  const section = document.querySelector("[data-calls]");
  if (!section) return;
  const ends = section.dataset.chunks.split(",").map(Number);
  const calls = [], parts = new Map(), loaded = new Set();
  const table = section.querySelector(".call-table"), body = table.tBodies[0];
  const rows = [...body.rows];

  const chunk = async (number) => {
    if (loaded.has(number)) return;
    const found = await load("calls" + number, `calls/${number}.js`);
    found.calls.forEach((call, at) => { calls[(number ? ends[number - 1] : 0) + at] = call; });
    Object.entries(found.parts).forEach(([key, text]) => parts.set(Number(key), text));
    loaded.add(number);
  };
  // A request names parts that earlier calls brought, so that earlier chunks are needed as well.
  const upTo = async (at) => { for (let n = 0; n < ends.length && (n === 0 || ends[n - 1] <= at); n++) await chunk(n); };

  const piece = (label, text, kind = "", open = false) => {
    const inside = el("pre.out", { tabindex: "0", role: "region", "aria-label": label }, text);
    const sign = { add: "+ ", del: "− " }[kind] || "";
    const head = el("summary", {}, el("strong", {}, sign + label), " ", el("span.note", {}, `${number(text.length)} characters`));
    return el("details.piece" + (kind ? "." + kind : ""), { open }, head, inside);
  };

  const request = (call) => call[1].map(([label, part], at) => piece(label, parts.get(part) ?? "not loaded", "", at === call[1].length - 1));
  const answer = (call) => call[2].length ? call[2].map(([label, text]) => piece(label, text, "", label !== "body as it came")) : [el("p.empty", {}, "No answer was recorded.")];
  const difference = (call, before) => {
    if (!before) return [el("p.note", {}, "The first call: all of its request is new.")];
    const old = new Set(before[1].map(([, part]) => part)), now = new Set(call[1].map(([, part]) => part));
    const gone = before[1].filter(([, part]) => !now.has(part)), added = call[1].filter(([, part]) => !old.has(part));
    const same = call[1].length - added.length;
    return [
      el("p.note", {}, `${same} parts as in the call before, ${added.length} new, ${gone.length} gone.`),
      ...gone.map(([label, part]) => piece(label, parts.get(part) ?? "", "del")),
      ...added.map(([label, part]) => piece(label, parts.get(part) ?? "", "add", true)),
    ];
  };

  const show = async (row, button) => {
    if (row.nextElementSibling?.classList.contains("opened")) {
      row.nextElementSibling.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    const at = Number(row.dataset.at);
    const place = el("td", { colspan: String(row.cells.length) }, el("p.note", { role: "status" }, "loading …"));
    row.after(el("tr.opened", {}, place));
    button.setAttribute("aria-expanded", "true");
    try { await upTo(at); } catch (error) { place.replaceChildren(el("p.empty", {}, String(error.message))); return; }
    const call = calls[at];
    const views = { "What is new": difference(call, calls[at - 1]), Answer: answer(call), "Whole request": request(call), Exchange: (call[3] || []).map(([label, text]) => piece(label, text, "", true)) };
    place.replaceChildren(...tabs(views, "Call " + call[0]));
  };

  const tabs = (views, label) => {
    const list = el("div.tabs", { role: "tablist", "aria-label": label });
    const panels = Object.entries(views).map(([name, content], at) => {
      const id = `tab-${label}-${at}`.replaceAll(" ", "-");
      const panel = el("div", { role: "tabpanel", id: id + "-panel", "aria-labelledby": id, hidden: at > 0 }, ...content);
      const tab = el("button", { type: "button", role: "tab", id, "aria-controls": id + "-panel", "aria-selected": String(at === 0), tabindex: at ? "-1" : "0" }, name);
      tab.addEventListener("click", () => choose(at));
      list.append(tab);
      return panel;
    });
    const choose = (chosen) => {
      panels.forEach((panel, at) => { panel.hidden = at !== chosen; });
      [...list.children].forEach((tab, at) => { tab.setAttribute("aria-selected", String(at === chosen)); tab.tabIndex = at === chosen ? 0 : -1; });
      list.children[chosen].focus();
    };
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault(); event.stopPropagation();
      choose(([...list.children].indexOf(document.activeElement) + step + panels.length) % panels.length);
    });
    return [list, ...panels];
  };

  for (const row of rows) {
    const cell = row.cells[0], seq = cell.textContent.trim();
    const button = el("button.open", { type: "button", "aria-expanded": "false", "aria-label": `Open call ${seq}` }, seq);
    button.addEventListener("click", () => show(row, button));
    cell.replaceChildren(button);
  }
  const openAll = () => section.querySelectorAll("tr.opened").forEach((row) => {
    row.previousElementSibling?.querySelector("button.open")?.setAttribute("aria-expanded", "false");
    row.remove();
  });
  table.addEventListener("cab:sort", openAll);

  // Search: words of the row at once, words of the bodies once they are loaded.
  const input = el("input", { type: "search", placeholder: "finish, state, a word of a body", autocomplete: "off" });
  const deep = el("input", { type: "checkbox" });
  const said = el("span.note", { role: "status" });
  const textOf = (row) => {
    const call = calls[Number(row.dataset.at)];
    const inside = deep.checked && call ? call[1].map(([, part]) => parts.get(part)).join("\n") + call[2].map(([, text]) => text).join("\n") : "";
    return (row.textContent + inside).toLowerCase();
  };
  const search = async () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (deep.checked && words.length && loaded.size < ends.length) {
      said.textContent = "loading bodies …";
      try { await upTo(Infinity); } catch (error) { said.textContent = error.message; return; }
    }
    openAll();
    let shown = 0;
    for (const row of rows) { const text = textOf(row); row.hidden = !words.every((word) => text.includes(word)); shown += !row.hidden; }
    said.textContent = words.length ? `${shown} of ${rows.length} calls` : "";
  };
  input.addEventListener("input", search);
  deep.addEventListener("change", search);
  table.closest(".scroll").before(el("p.tools", {}, el("label", {}, "Search ", input), " ", el("label", {}, deep, " in requests and answers too"), " ", said));
  self.Cab.openCall = (seq) => {
    const row = document.getElementById("call-" + seq), button = row?.querySelector("button.open");
    if (button && button.getAttribute("aria-expanded") === "false") button.click();
  };
  addEventListener("hashchange", () => { const seq = /^#call-(\d+)$/.exec(location.hash); if (seq) self.Cab.openCall(seq[1]); });
  const asked = /^#call-(\d+)$/.exec(location.hash);
  if (asked) self.Cab.openCall(asked[1]);
})();
