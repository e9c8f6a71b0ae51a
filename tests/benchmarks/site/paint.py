"""What Chromium makes of a site from a disk: `python tests/benchmarks/site/paint.py SITE` prints, in milliseconds, when
the leaderboard is first painted and what a filter over all cells takes, by the page's clock and until the next frame.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ARGS = ["--headless", "--no-sandbox", "--disable-gpu"]
WORDS = ("agent-3", "agent-3 rust", "vendor-1/model-5", "", "task-1", "integrity", "zzz", "python agent-7", "a", "ag")
UNTIL_FRAME = """async (words) => {
    const input = document.querySelector("#cells input[type=search]"), out = [];
    for (const word of words) {
        const began = performance.now();
        input.value = word;
        input.dispatchEvent(new Event("input", {bubbles: true}));
        await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
        out.push(performance.now() - began);
    }
    return out;
}"""


def main(site: Path) -> None:
    from playwright.sync_api import sync_playwright

    painted, own, frames = [], [], []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        for _ in range(7):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto((site / "leaderboard.html").resolve().as_uri(), wait_until="load")
            page.locator("[data-took]").wait_for()
            painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        box = page.locator("#cells").get_by_label("Filter", exact=True)
        for word in WORDS:
            box.fill(word)
            own.append(float(page.locator("[data-took]").get_attribute("data-took") or "nan"))
        frames = page.evaluate(UNTIL_FRAME, list(WORDS))
        browser.close()
    print(json.dumps({"first_paint": spread(painted), "filter": spread(own), "filter_to_frame": spread(frames)}))


def spread(values: list[Any]) -> dict[str, float]:
    found = sorted(values)
    return {"least": round(found[0], 1), "median": round(found[len(found) // 2], 1), "most": round(found[-1], 1)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
