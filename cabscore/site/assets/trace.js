// Replay of a run: a cursor over the timeline, by keys, by pointer and by address (#t=12.345 in seconds).
"use strict";
(() => {
  const { el, seconds } = self.Cab;
  const player = document.querySelector("[data-trace]");
  if (!player) return;
  const length = Number(player.dataset.length), agent = Number(player.dataset.agent || 0);
  const picture = player.querySelector(".lane-picture"), height = picture.viewBox.baseVal.height;
  const steps = [...document.querySelectorAll("tr[data-from]")].map((row) => ({ row, from: Number(row.dataset.from), to: Number(row.dataset.to) }));
  const starts = [...new Set(steps.map((step) => step.from))].sort((a, b) => a - b);
  let at = 0, playing = false, speed = 1, zoom = 1, left = 0, last = 0;

  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cursor.setAttribute("class", "cursor"); cursor.setAttribute("y1", "0"); cursor.setAttribute("y2", String(height));
  picture.append(cursor);
  const button = (label, text, act) => el("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
  const play = button("Play", "▶", () => toggle());
  const slider = el("input.seek", { type: "range", min: "0", max: "1000000", value: "0", step: "1", "aria-label": "Moment of the run" });
  const clock = el("output.clock", {});
  const rate = el("select", { "aria-label": "Speed" }, ...[0.1, 0.5, 1, 2, 5, 20].map((x) => el("option", { value: String(x), selected: x === 1 }, x + "×")));
  const now = el("p.now", { role: "status" });
  const link = el("a", { href: "#t=0" }, "link to this moment");
  const bar = el("div.controls", { role: "group", "aria-label": "Replay" }, play,
    button("Step back", "‹", () => step(-1)), button("Step on", "›", () => step(1)), slider, clock, rate,
    button("Zoom in", "+", () => scale(2)), button("Zoom out", "−", () => scale(0.5)), link);
  const keys = el("p.note.keys", {}, "Keys, with the replay in focus: space plays and pauses, ← → step, , . move by 100 ms, + − zoom, Home and End.");
  player.prepend(bar, now);
  player.append(keys);
  player.tabIndex = 0;
  player.setAttribute("role", "group");
  player.setAttribute("aria-label", "Trace replay");

  const draw = () => {
    const x = at / length * 1000;
    cursor.setAttribute("x1", String(x)); cursor.setAttribute("x2", String(x));
    const width = 1000 / zoom;
    if (x < left || x > left + width) left = x - width / 2;
    left = Math.max(0, Math.min(1000 - width, left));
    picture.setAttribute("viewBox", `${left} 0 ${width} ${height}`);
    slider.value = String(Math.round(at / length * 1e6));
    slider.setAttribute("aria-valuetext", (at / 1e9).toFixed(3) + " seconds");
    clock.textContent = `${(at / 1e9).toFixed(3)} / ${(length / 1e9).toFixed(2)} s`;
    link.hash = "t=" + (at / 1e9).toFixed(3);
    let inside = null;
    for (const one of steps) {
      const on = one.from <= at && at <= Math.max(one.to, one.from + 1);
      one.row.classList.toggle("on", on);
      if (on) inside = one;
    }
    const text = inside ? inside.row.cells[0].firstChild?.textContent?.trim() || inside.row.cells[0].textContent.trim() : "between steps";
    if (now.textContent !== text) now.textContent = text;
    document.dispatchEvent(new CustomEvent("cab:time", { detail: { seconds: (at - agent) / 1e9, playing } }));
  };
  // Where the replay was put, for what loads later than that: until then a terminal shows its end.
  const go = (ns) => { at = Math.max(0, Math.min(length, ns)); self.Cab.moment = (at - agent) / 1e9; draw(); };
  const frame = (time) => {
    if (!playing) return;
    go(at + (time - last) * 1e6 * speed);
    last = time;
    if (at >= length) toggle(); else requestAnimationFrame(frame);
  };
  const toggle = () => {
    playing = !playing;
    if (playing && at >= length) at = 0;
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    play.title = playing ? "Pause" : "Play";
    if (playing) requestAnimationFrame((time) => { last = time; frame(time); }); else draw();
  };
  const step = (way) => {
    const next = way > 0 ? starts.find((ns) => ns > at) : starts.findLast((ns) => ns < at);
    go(next ?? (way > 0 ? length : 0));
  };
  const scale = (factor) => {
    zoom = Math.max(1, Math.min(512, zoom * factor));
    left = at / length * 1000 - 500 / zoom;
    draw();
  };
  player.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const own = event.target === player || event.target === slider || event.target.closest(".controls") === null;
    const acts = {
      " ": () => (event.target.tagName === "BUTTON" ? null : toggle()), ArrowLeft: () => step(-1), ArrowRight: () => step(1),
      ",": () => go(at - 1e8), ".": () => go(at + 1e8), "+": () => scale(2), "=": () => scale(2), "-": () => scale(0.5),
      Home: () => go(0), End: () => go(length),
    };
    if (!acts[event.key] || event.target.tagName === "SELECT") return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    if (own || event.key !== " ") { event.preventDefault(); acts[event.key](); }
  });
  slider.addEventListener("input", () => go(Number(slider.value) / 1e6 * length));
  rate.addEventListener("change", () => { speed = Number(rate.value); });
  const pointed = (event) => { const box = picture.getBoundingClientRect(); go((left + (event.clientX - box.left) / box.width * 1000 / zoom) / 1000 * length); };
  picture.addEventListener("pointerdown", (event) => { picture.setPointerCapture(event.pointerId); pointed(event); });
  picture.addEventListener("pointermove", (event) => { if (event.buttons) pointed(event); });
  const asked = () => {
    const found = /^#t=([\d.]+)$/.exec(location.hash);
    if (!found) return;
    go(Number(found[1]) * 1e9);
    player.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", asked);
  document.addEventListener("cab:seek", (event) => go(agent + event.detail * 1e9));
  draw();
  asked();
})();
