// What only some pages need: live numbers, the box, lists, events, clicks, engagement.
//
// luot.js imports this file where a page has one of the attributes below, and calls it with every
// new set of numbers. The same rules hold: nothing is thrown into the page, no place loses what it
// holds, and nothing becomes markup: elements are made by calls, texts are set as texts.

const WORDS = {
  __proto__: null,
  vi: {
    __proto__: null,
    title: "Thống kê truy cập",
    online: "Đang truy cập",
    today: "Hôm nay",
    yesterday: "Hôm qua",
    this_week: "Tuần này",
    this_month: "Tháng này",
    total: "Tổng",
  },
  en: {
    __proto__: null,
    title: "Visitor statistics",
    online: "Online now",
    today: "Today",
    yesterday: "Yesterday",
    this_week: "This week",
    this_month: "This month",
    total: "Total",
  },
};

// Zero specificity: whatever a page's own style says, wins.
const STYLE = `
:where(.luot-box){
  box-sizing:border-box;width:var(--luot-width,16em);max-width:100%;margin:0;
  padding:var(--luot-padding,.75em 1em);border:1px solid var(--luot-line,#8884);
  border-radius:var(--luot-radius,.375em);background:var(--luot-background,transparent);
  color:var(--luot-color,inherit);font:var(--luot-font,inherit)}
:where(.luot-box-title){margin:0 0 .5em;font-size:1em;font-weight:700;color:var(--luot-title,inherit)}
:where(.luot-box dl){margin:0}
:where(.luot-box dl div){display:flex;justify-content:space-between;gap:1em;padding:.125em 0}
:where(.luot-box dd){margin:0;font-weight:700;font-variant-numeric:tabular-nums;color:var(--luot-number,inherit)}
:where([data-luot-stale]){opacity:.6}`;

// Kinds of file that are kept rather than shown.
const FILES = /\.(?:7z|csv|docx?|epub|exe|gz|mp3|mp4|ods|odt|pdf|pptx?|rar|rtf|xlsx?|zip)$/i;

let core;
let stop = () => {};
let view;

function make(name, text, parent) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

function languageOf(element) {
  const spoken = element.closest("[lang]");
  return (spoken ? spoken.lang : navigator.language || "").startsWith("vi") ? "vi" : "en";
}

// The box

function drawBox(place) {
  if (place.querySelector(".luot-box")) return;
  const words = WORDS[languageOf(place)];
  const metric = place.dataset.luotBox === "views" ? "views" : "visits";
  const box = make("section");
  box.className = "luot-box";
  box.setAttribute("aria-label", words.title);
  make("p", words.title, box).className = "luot-box-title";
  const rows = make("dl", "", box);
  for (const row of ["online", "today", "yesterday", "this_week", "this_month", "total"]) {
    const line = make("div", "", rows);
    make("dt", words[row], line);
    make("dd", "–", line).dataset.luot = row === "online" ? row : `${metric}.${row}`;
  }
  place.replaceChildren(box);
}

// Lists

// Where an entry leads: a page of this site, or nowhere.
function target({ url, path }) {
  const { origin } = location;
  if (typeof url === "string" && url.startsWith(`${origin}/`)) return url;
  if (typeof path !== "string" || !/^\/(?![/\\])/.test(path)) return "";
  const found = new URL(path, origin);
  return found.origin === origin && /^https?:$/.test(found.protocol) ? found.href : "";
}

async function fillList(place) {
  const { luotList: name, luotPeriod, luotLimit, luotPath } = place.dataset;
  if (!/^(?:popular|trending|related)$/.test(name)) return;
  const asked = new URLSearchParams();
  asked.set("site", core.dataset.site);
  if (name === "popular") asked.set("period", luotPeriod || "day");
  if (name === "related") asked.set("path", luotPath || core.own);
  asked.set("limit", luotLimit || "5");
  const answer = await fetch(`${core.base}${name}?${asked}`);
  const { pages } = await answer.json();
  const rows = document.createDocumentFragment();
  for (const page of pages) {
    const href = target(page);
    if (!href || typeof page.title !== "string" || !page.title) continue;
    const row = make(/^[ou]l$/i.test(place.tagName) ? "li" : "p", "", rows);
    make("a", page.title, row).href = href;
    if (Number.isInteger(page.views) && page.views > 0 && "luotViews" in place.dataset) {
      const count = page.views.toLocaleString(document.documentElement.lang || []);
      make("span", count, row).className = "luot-views";
    }
  }
  if (rows.firstChild) place.replaceChildren(rows);
}

// Live numbers

function livePlaces() {
  return document.querySelectorAll("[data-luot-live][data-luot],[data-luot-live] [data-luot]");
}

function listen() {
  stop();
  const places = livePlaces();
  if (!places.length || !core.own) return;
  const asked = new URLSearchParams();
  asked.set("site", core.dataset.site);
  asked.append("path", core.own);
  const paths = new Set([core.own]);
  for (const place of places) {
    const path = place.dataset.luotPath;
    if (path && !paths.has(path)) asked.append("path", path);
    paths.add(path);
    if (!place.hasAttribute("aria-live")) place.setAttribute("aria-live", "polite");
  }
  const own = core.own;
  let source;
  let timer;
  let wait = 1e3;
  const open = core.quiet(() => {
    clearTimeout(timer);
    if (document.hidden || source) return;
    source = new EventSource(`${core.base}live?${asked}`);
    source.onmessage = core.quiet((event) => {
      wait = 1e3;
      const numbers = JSON.parse(event.data);
      for (const place of livePlaces()) core.print(place, numbers, own);
    });
    source.onerror = core.quiet(() => {
      // The browser comes back by itself unless it was refused.
      if (source.readyState !== EventSource.CLOSED) return;
      close();
      wait = Math.min(wait * 2, 6e4);
      timer = setTimeout(open, wait * (0.5 + Math.random()));
    });
  });
  function close() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }
  const turn = core.quiet(() => (document.hidden ? close() : open()));
  const rest = core.quiet(close);
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", rest);
  addEventListener("pageshow", turn);
  stop = () => {
    close();
    document.removeEventListener("visibilitychange", turn);
    removeEventListener("pagehide", rest);
    removeEventListener("pageshow", turn);
    stop = () => {};
  };
  open();
}

// Events

function tell(event, props) {
  if (core.wish || !core.view) return;
  const known = core.told();
  known.event = event;
  known.props = props;
  core.send(known);
}

function propsOf(element) {
  const props = { __proto__: null };
  for (const { name, value } of element.attributes) {
    if (name.startsWith("data-luot-prop-")) props[name.slice(15)] = value.slice(0, 256);
  }
  return props;
}

function onAct(event) {
  // A middle click opens a link, too; a right click opens a menu.
  if (event.type === "auxclick" && event.button !== 1) return;
  const named = event.target.closest("[data-luot-event]");
  if (named && (event.type === "submit") === (named.tagName === "FORM")) {
    tell(named.dataset.luotEvent, propsOf(named));
    return;
  }
  const link = event.target.closest("a[href]");
  if (!link || !/\bclicks\b/.test(core.dataset.track) || !/^https?:$/.test(link.protocol)) return;
  const url = (link.origin + link.pathname).slice(0, 256);
  if (link.hasAttribute("download") || FILES.test(link.pathname)) tell("download", { url });
  else if (link.hostname !== location.hostname) tell("outbound", { url });
}

// Engagement

// Seconds without a touch after which nobody is believed to read.
const PATIENCE = 30;

let seconds = 0;
let scroll = 0;
let touched = 0;

function touch() {
  touched = performance.now();
  const { scrollHeight } = document.documentElement;
  const read = (100 * (scrollY + innerHeight)) / scrollHeight;
  scroll = Math.max(scroll, Math.min(100, Math.floor((read + 1) / 25) * 25));
}

function tick() {
  if (!document.hidden && performance.now() - touched < PATIENCE * 1e3) seconds++;
}

function leave() {
  if (!core.wish && view && (seconds || scroll)) {
    const known = core.told();
    known.event = "engagement";
    known.view = view;
    known.path = path;
    known.seconds = Math.min(seconds, 1800);
    known.scroll = scroll;
    core.send(known);
  }
  seconds = scroll = 0;
}

let path;

function begin() {
  if (view) leave();
  view = core.view;
  path = core.own;
  touch();
}

function once() {
  const { quiet } = core;
  quiet(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    document.adoptedStyleSheets.push(sheet);
  })();
  for (const name of ["click", "auxclick", "submit"]) {
    document.addEventListener(name, quiet(onAct), { __proto__: null, capture: true });
  }
  if (!/\bengagement\b/.test(core.dataset.track)) return;
  const touches = ["scroll", "pointerdown", "pointermove", "keydown", "touchstart"];
  for (const name of touches) addEventListener(name, quiet(touch), { __proto__: null, passive: true });
  setInterval(quiet(tick), 1e3);
  addEventListener("pagehide", quiet(leave));
  document.addEventListener("visibilitychange", quiet(() => document.hidden && leave()));
}

/**
 * Called by luot.js as soon as this file is there, and again with every new set of numbers.
 */
export default function more(shared) {
  const isFirst = !core;
  core = shared;
  if (isFirst) core.quiet(once)();
  // What is no answer of Luot shall not draw an empty box.
  if (!core.numbers || !core.numbers.views || !Number.isInteger(core.numbers.views.total)) return;
  for (const box of document.querySelectorAll("[data-luot-box]")) core.quiet(drawBox)(box);
  for (const place of document.querySelectorAll(".luot-box [data-luot]")) {
    core.print(place, core.numbers, core.own);
  }
  if (view === core.view) return;
  core.quiet(begin)();
  core.quiet(listen)();
  for (const list of document.querySelectorAll("[data-luot-list]")) core.quiet(fillList)(list);
}
