// What else a run's record holds: a text is shown when its row is opened; all of them come in one file.
"use strict";
(() => {
  const { load, el, number } = self.Cab;
  const section = document.querySelector("[data-kept]");
  if (!section) return;
  const show = async (row, button) => {
    const open = row.nextElementSibling?.classList.contains("opened");
    button.setAttribute("aria-expanded", String(!open));
    if (open) { row.nextElementSibling.remove(); return; }
    const name = row.cells[0].textContent.trim();
    const place = el("td", { colspan: String(row.cells.length) }, el("p.note", { role: "status" }, "loading …"));
    row.after(el("tr.opened", {}, place));
    try {
      const text = (await load("kept", "kept.js"))[row.dataset.key] ?? "";
      place.replaceChildren(el("p.note", {}, `${number(text.length)} characters`), el("pre.out", { tabindex: "0", role: "region", "aria-label": name }, text || "empty"));
    } catch (error) { place.replaceChildren(el("p.empty", {}, String(error.message))); }
  };
  for (const row of section.querySelectorAll("tr[data-key]")) {
    const cell = row.cells[0];
    const button = el("button.open", { type: "button", "aria-expanded": "false" }, ...cell.childNodes);
    button.addEventListener("click", () => show(row, button));
    cell.append(button);
  }
})();
