// Counts this page as one view and prints the numbers that come back. When the service is
// away the places stay as they are: no zero, no error, nothing thrown into the page.
"use strict";
(() => {
  const root = document.documentElement;
  const { site } = document.currentScript.dataset;
  let uncounted = true;

  function randomId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const base64 = btoa(String.fromCharCode(...bytes)).slice(0, 22); // without its padding
    return base64.replaceAll("+", "-").replaceAll("/", "_");
  }

  function hit() {
    const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
    const { title, referrer } = document;
    const { language } = navigator;
    const width = screen.width || undefined; // a window without a screen says 0
    return { site, url: location.href, id: randomId(), referrer, title, width, language, timezone };
  }

  async function ask(address, options) {
    const response = await fetch(address, options);
    if (!response.ok) throw new Error(`${response.status} from ${address}`);
    return response.json();
  }

  // A number that is missing or below the site's floor leaves its place empty.
  function print(numbers, selector, find) {
    root.classList.toggle("stale", numbers.stale === true);
    for (const place of document.querySelectorAll(selector)) {
      const number = find(place.dataset);
      if (Number.isInteger(number)) place.textContent = String(number);
    }
  }

  async function count() {
    const body = JSON.stringify(hit()); // a string travels as text/plain
    const own = await ask("/hit?counters=1", { method: "POST", body, keepalive: true });
    print(own, "[data-views]", () => Object.values(own.pages)[0]?.views);
    print(own, "[data-total]", ({ total }) => own[total]?.total);
    const places = [...document.querySelectorAll("[data-path]")];
    const paths = new URLSearchParams(places.map(({ dataset }) => ["path", dataset.path]));
    const others = await ask(`/counters?site=${site}&${paths}`);
    print(others, "[data-path]", ({ path }) => others.pages[path]?.views);
  }

  // A page in a background tab, or prerendered, is no view until somebody sees it.
  function countOnceSeen({ persisted }) {
    if (persisted) uncounted = true; // restored from the back-forward cache: a new view
    if (!uncounted || document.prerendering || document.visibilityState !== "visible") return;
    uncounted = false;
    count().catch(() => root.classList.add("stale"));
  }

  document.addEventListener("visibilitychange", countOnceSeen);
  document.addEventListener("prerenderingchange", countOnceSeen);
  addEventListener("pageshow", countOnceSeen);
})();
