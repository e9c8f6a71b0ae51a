// A small terminal: enough of VT100 to show what a recorded agent showed, drawn as text, in step with the replay.
"use strict";
(() => {
  const { load, el } = self.Cab;
  const place = document.querySelector("[data-terminal]");
  if (!place) return;
  const PEN = { fg: null, bg: null, bold: false, dim: false, under: false, turned: false };
  // Marks that are not seen or turn text around: the pages show them as what they are, a screen as a dot.
  const HIDDEN = /[\u0080-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

  class Screen {
    constructor(width, height) { this.width = width; this.height = height; this.reset(); }
    reset() { this.rows = this.blank(); this.x = this.y = 0; this.pen = { ...PEN }; this.rest = ""; this.saved = [0, 0]; this.other = null; this.top = 0; this.bottom = this.height - 1; }
    blank() { return Array.from({ length: this.height }, () => this.line()); }
    line() { return Array.from({ length: this.width }, () => [" ", PEN]); }
    write(text) {
      text = this.rest + text; this.rest = "";
      for (let i = 0; i < text.length;) {
        const char = text[i];
        if (char === "\x1b") {
          const used = this.escape(text.slice(i, i + 4096));
          if (used === 0) { this.rest = text.slice(i, i + 4096); return; }
          i += used; continue;
        }
        const code = text.codePointAt(i), size = code > 0xffff ? 2 : 1;
        if (char === "\n") this.feed(); else if (char === "\r") this.x = 0; else if (char === "\b") this.x = Math.max(0, this.x - 1);
        else if (char === "\t") this.x = Math.min(this.width - 1, (this.x >> 3) + 1 << 3); else if (code >= 32 && code !== 127) this.put(text.slice(i, i + size));
        i += size;
      }
    }
    put(char) {
      if (HIDDEN.test(char)) char = "·";
      if (this.x >= this.width) { this.x = 0; this.feed(); }
      this.rows[this.y][this.x] = [char, this.pen]; this.x += 1;
    }
    feed() {
      if (this.y === this.bottom) { this.rows.splice(this.top, 1); this.rows.splice(this.bottom, 0, this.line()); }
      else this.y = Math.min(this.height - 1, this.y + 1);
    }
    // How many characters an escape sequence has; 0 where it is not whole yet.
    escape(text) {
      if (text.length < 2) return 0;
      if (text[1] === "]") { const end = /\x07|\x1b\\/.exec(text); return end ? end.index + end[0].length : text.length >= 4096 ? text.length : 0; }
      if (text[1] !== "[") { this.short(text[1]); return "()#".includes(text[1]) ? Math.min(3, text.length) : 2; }
      const found = /^\x1b\[([?>=!]?)([\d;:]*)[ -/]*([@-~])/.exec(text);
      if (!found) return text.length > 64 ? 2 : 0;
      this.control(found[1], found[2].split(/[;:]/).map((n) => n === "" ? null : Math.min(9999, Number(n))), found[3]);
      return found[0].length;
    }
    short(char) {
      if (char === "7") this.saved = [this.x, this.y];
      if (char === "8") [this.x, this.y] = this.saved;
      if (char === "M") { if (this.y === this.top) { this.rows.splice(this.bottom, 1); this.rows.splice(this.top, 0, this.line()); } else this.y = Math.max(0, this.y - 1); }
      if (char === "D") this.feed();
      if (char === "E") { this.x = 0; this.feed(); }
      if (char === "c") this.reset();
    }
    control(mark, args, what) {
      const n = args[0] || 1, row = this.rows[this.y], right = (x) => Math.max(0, Math.min(this.width - 1, x)), down = (y) => Math.max(0, Math.min(this.height - 1, y));
      const clear = (line, from, to) => { for (let x = from; x < to; x++) line[x] = [" ", PEN]; };
      const acts = {
        A: () => { this.y = down(this.y - n); }, B: () => { this.y = down(this.y + n); }, C: () => { this.x = right(this.x + n); }, D: () => { this.x = right(this.x - n); },
        E: () => { this.x = 0; this.y = down(this.y + n); }, F: () => { this.x = 0; this.y = down(this.y - n); }, G: () => { this.x = right(n - 1); }, d: () => { this.y = down(n - 1); },
        H: () => { this.y = down(n - 1); this.x = right((args[1] || 1) - 1); }, f: () => acts.H(),
        J: () => {
          if (args[0] === 2 || args[0] === 3) { this.rows = this.blank(); return; }
          if (args[0] === 1) { this.rows.slice(0, this.y).forEach((line) => clear(line, 0, this.width)); clear(row, 0, this.x + 1); return; }
          clear(row, this.x, this.width); this.rows.slice(this.y + 1).forEach((line) => clear(line, 0, this.width));
        },
        K: () => clear(row, args[0] ? 0 : this.x, args[0] === 1 ? this.x + 1 : this.width),
        L: () => { for (let i = 0; i < Math.min(n, this.height); i++) { this.rows.splice(this.bottom, 1); this.rows.splice(this.y, 0, this.line()); } },
        M: () => { for (let i = 0; i < Math.min(n, this.height); i++) { this.rows.splice(this.y, 1); this.rows.splice(this.bottom, 0, this.line()); } },
        P: () => { row.splice(this.x, n); while (row.length < this.width) row.push([" ", PEN]); },
        "@": () => { for (let i = 0; i < Math.min(n, this.width); i++) row.splice(this.x, 0, [" ", PEN]); row.length = this.width; },
        X: () => clear(row, this.x, Math.min(this.width, this.x + n)),
        r: () => { if (mark === "") { this.top = down((args[0] || 1) - 1); this.bottom = down((args[1] || this.height) - 1); if (this.top >= this.bottom) { this.top = 0; this.bottom = this.height - 1; } this.x = this.y = 0; } },
        s: () => { this.saved = [this.x, this.y]; }, u: () => { [this.x, this.y] = this.saved; },
        m: () => this.colour(args), h: () => this.mode(mark, args, true), l: () => this.mode(mark, args, false),
      };
      if (mark === "" || what === "h" || what === "l" || what === "J" || what === "K") acts[what]?.();
    }
    mode(mark, args, on) {
      if (mark !== "?" || !args.some((n) => n === 1049 || n === 1047 || n === 47)) return;
      if (on && !this.other) { this.other = [this.rows, this.x, this.y]; this.rows = this.blank(); this.x = this.y = 0; }
      if (!on && this.other) { [this.rows, this.x, this.y] = this.other; this.other = null; }
    }
    colour(args) {
      const pen = { ...this.pen };
      for (let i = 0; i < args.length; i++) {
        const n = args[i] || 0;
        if (n === 0) Object.assign(pen, PEN); else if (n === 1) pen.bold = true; else if (n === 2) pen.dim = true; else if (n === 4) pen.under = true;
        else if (n === 7) pen.turned = true; else if (n === 22) pen.bold = pen.dim = false; else if (n === 24) pen.under = false; else if (n === 27) pen.turned = false;
        else if (n >= 30 && n <= 37) pen.fg = n - 30; else if (n >= 90 && n <= 97) pen.fg = n - 82; else if (n === 39) pen.fg = null;
        else if (n >= 40 && n <= 47) pen.bg = n - 40; else if (n >= 100 && n <= 107) pen.bg = n - 92; else if (n === 49) pen.bg = null;
        else if (n === 38 || n === 48) {
          const value = args[i + 1] === 5 ? args[i + 2] : `rgb(${args[i + 2] || 0} ${args[i + 3] || 0} ${args[i + 4] || 0})`;
          pen[n === 38 ? "fg" : "bg"] = value ?? null; i += args[i + 1] === 5 ? 2 : 4;
        }
      }
      this.pen = pen;
    }
    lines() {
      return this.rows.map((row) => {
        const pieces = [];
        for (const [char, pen] of row) { const last = pieces.at(-1); if (last && last[1] === pen) last[0] += char; else pieces.push([char, pen]); }
        return pieces;
      });
    }
  }
  const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
  const paint = (colour) => {
    if (typeof colour === "string") return colour;
    if (colour < 16) return `var(--t-${colour > 7 ? "bright-" : ""}${NAMES[colour % 8]})`;
    if (colour > 231) { const grey = 8 + (colour - 232) * 10; return `rgb(${grey} ${grey} ${grey})`; }
    const part = (n) => n ? 55 + n * 40 : 0, cube = colour - 16;
    return `rgb(${part(Math.floor(cube / 36))} ${part(Math.floor(cube / 6) % 6)} ${part(cube % 6)})`;
  };
  const span = ([text, pen]) => {
    const classes = ["bold", "dim", "under"].filter((name) => pen[name]);
    const made = el("span" + classes.map((name) => "." + name).join(""), {}, text);
    const [fg, bg] = pen.turned ? [pen.bg ?? 0, pen.fg ?? 7] : [pen.fg, pen.bg];
    if (fg !== null) made.style.color = paint(fg);
    if (bg !== null) made.style.backgroundColor = paint(bg);
    return made;
  };
  self.CabScreen = Screen;

  load("terminal", "terminal.js").then((cast) => {
    const screen = new Screen(cast.width, cast.height), view = el("pre.screen", { tabindex: "0", role: "region", "aria-label": "Recorded terminal" });
    const said = el("p.note", {}, `${cast.events.length} events over ${(cast.events.at(-1)?.[0] ?? 0).toFixed(1)} s, ${cast.width} × ${cast.height}. It follows the replay above. `);
    const end = cast.events.at(-1)?.[0] ?? 0;
    const jump = (label, to) => el("button", { type: "button", onclick: () => document.dispatchEvent(new CustomEvent("cab:seek", { detail: to })) }, label);
    const mark = el("strong", { role: "status" });
    let shown = 0;
    const seek = (seconds) => {
      const before = shown;
      if (shown && cast.events[shown - 1][0] > seconds) { screen.reset(); shown = 0; }
      while (shown < cast.events.length && cast.events[shown][0] <= seconds) screen.write(cast.events[shown++][1]);
      mark.textContent = cast.marks.findLast(([at]) => at <= seconds)?.[1] ?? "";
      if (before !== shown || !view.firstChild) view.replaceChildren(...screen.lines().map((pieces) => el("div.tl", {}, ...pieces.map(span))));
    };
    place.replaceChildren(view, said);
    said.append(mark, " ", jump("start", 0), " ", jump("end", end));
    document.addEventListener("cab:time", (event) => seek(event.detail.seconds));
    seek(self.Cab.moment ?? end);
  }).catch((error) => place.append(el("p.empty", {}, error.message)));
})();
