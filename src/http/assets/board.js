// Keeps the board live: listens for changes, lets htmx fetch the part that changed, and shows
// what is new. Without this file the board is a page that is loaded anew.
"use strict";

(() => {
  const line = document.getElementById("line");
  const panel = document.getElementById("panel");
  const live = () => document.getElementById("live");
  let seq = null;
  let opener = null;
  let unfolded = false;

  function state(name, text) {
    line.className = `line ${name}`;
    line.textContent = text;
  }

  // Two fetches at most are on their way: the one that runs, and one for what came since.
  function changed() {
    if (document.hidden) return;
    htmx.trigger(live(), "changed");
  }

  // The open lead is fetched anew when its card shows another revision.
  function follow() {
    const open = panel.querySelector("[data-lead]");
    const card = open && document.querySelector(`#live .card[data-lead="${open.dataset.lead}"]`);
    if (!card || card.dataset.revision === open.dataset.revision) return;
    unfolded = Boolean(panel.querySelector("details[open]"));
    const path = `leads/${open.dataset.lead}`;
    htmx.ajax("GET", path, { target: "#panel", select: "#lead", swap: "innerHTML" });
  }

  const source = new EventSource("board/events");
  source.onopen = () => state("good", "live");
  source.onerror = () => state("bad", "reconnecting …");
  source.onmessage = (message) => {
    const news = JSON.parse(message.data);
    times.sync(news.now, true);
    state("good", "live");
    if (seq !== null && news.seq !== seq) changed();
    else if (seq === null && live().dataset.seq !== String(news.seq)) changed();
    seq = news.seq;
  };
  document.addEventListener("visibilitychange", changed);

  // What stood where before a swap, to show what is new or has moved after it.
  let before = new Map();
  function standing() {
    const cards = new Map();
    for (const card of document.querySelectorAll("#live .card")) {
      const column = card.closest(".column");
      cards.set(card.dataset.lead, `${column ? column.className : ""} ${card.dataset.revision}`);
    }
    for (const entry of document.querySelectorAll("#live .feed li")) {
      cards.set(`seq${entry.dataset.seq}`, "");
    }
    return cards;
  }

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "live") before = standing();
    // A session that ended: the page says how to get a new one.
    if (event.detail.xhr.status === 403) location.reload();
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target.id === "live" ? live() : event.detail.target;
    if (target.id === "live" && before.size > 0) {
      for (const card of target.querySelectorAll(".card")) {
        const column = card.closest(".column");
        const now = `${column ? column.className : ""} ${card.dataset.revision}`;
        if (before.get(card.dataset.lead) !== now) card.classList.add("fresh");
      }
      for (const entry of target.querySelectorAll(".feed li")) {
        if (!before.has(`seq${entry.dataset.seq}`)) entry.classList.add("fresh");
      }
    }
    times.localise(target);
    times.tick();
    if (target.id === "live") follow();
    if (target.id === "panel") {
      const close = document.createElement("button");
      close.className = "close";
      close.textContent = "Close";
      close.addEventListener("click", shut);
      panel.prepend(close);
      if (unfolded) for (const fold of panel.querySelectorAll("details")) fold.open = true;
      unfolded = false;
      if (!panel.classList.contains("open")) close.focus({ preventScroll: true });
      panel.classList.add("open");
    }
  });

  function shut() {
    panel.classList.remove("open");
    panel.replaceChildren();
    const back = opener && document.getElementById(opener);
    if (back) back.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.open");
    if (link) opener = link.id;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.classList.contains("open")) shut();
  });

  // A demo's answer goes away by itself.
  const did = document.getElementById("did");
  if (did) {
    let timer = 0;
    did.addEventListener("htmx:afterSwap", () => {
      clearTimeout(timer);
      timer = setTimeout(() => did.replaceChildren(), 12000);
    });
  }
})();
