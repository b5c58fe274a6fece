// Times as the reader's clock shows them, and countdowns by the server's clock.
// Without this file pages read the same in UTC, as they were when they were loaded.
"use strict";

const times = (() => {
  // The server's clock may be another one than ours, and in a demo it runs faster:
  // server time = base + (our time - at) * rate.
  let base = Date.now();
  let at = performance.now();
  let rate = 1;

  const now = () => base + (performance.now() - at) * rate;

  function sync(serverNow, withRate) {
    const here = performance.now();
    if (withRate && here - at > 500) {
      const seen = (serverNow - base) / (here - at);
      rate = Math.abs(seen - 1) < 0.1 ? 1 : Math.max(0, seen);
    }
    base = serverNow;
    at = here;
  }

  function span(ms) {
    const s = Math.floor(Math.abs(ms) / 1000);
    const m = Math.floor(s / 60);
    const h = Math.floor(s / 3600);
    const d = Math.floor(s / 86400);
    const two = (n) => String(n).padStart(2, "0");
    if (d) return `${d}d ${h % 24}h`;
    if (h) return `${h}h ${two(m % 60)}m`;
    if (m) return `${m}m ${two(s % 60)}s`;
    return `${s}s`;
  }

  function localise(root) {
    const today = new Date(now()).toDateString();
    for (const el of root.querySelectorAll("time[data-at]")) {
      const when = new Date(Number(el.dataset.at));
      const form = { hour: "2-digit", minute: "2-digit" };
      if ("seconds" in el.dataset) form.second = "2-digit";
      const clock = when.toLocaleTimeString([], form);
      const day = when.toLocaleDateString([], { day: "numeric", month: "short" });
      el.textContent = when.toDateString() === today ? clock : `${day} ${clock}`;
      el.title = el.dateTime;
    }
  }

  function tick() {
    const t = now();
    for (const el of document.querySelectorAll(".due[data-due]")) {
      const due = Number(el.dataset.due);
      const from = Number(el.dataset.from);
      const late = t >= due;
      el.classList.toggle("late", late);
      el.classList.toggle("soon", !late && due - t < (due - from) * 0.25);
      const text = late ? `${span(t - due)} late` : span(due - t);
      const left = el.querySelector(".left");
      if (left && left.textContent !== text) left.textContent = text;
    }
    for (const el of document.querySelectorAll("progress[data-due]")) {
      const due = Number(el.dataset.due);
      const from = Number(el.dataset.from);
      el.value = Math.max(0, Math.min(100, (100 * (t - from)) / Math.max(1, due - from)));
      el.classList.toggle("late", t >= due);
      el.classList.toggle("soon", t < due && due - t < (due - from) * 0.25);
    }
  }

  const first = document.querySelector("[data-now]");
  if (first) sync(Number(first.dataset.now), false);
  localise(document);
  tick();
  setInterval(tick, 500);
  return { sync, localise, tick };
})();
