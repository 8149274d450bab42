/*
 * Fills the places of busuanzi and vercount in pages that carry them, and counts the page.
 *
 * <script async src="https://stats.example.vn/busuanzi.js"></script>
 *
 * data-prefix="name"   fills name_page_pv and so on, too
 * data-style="comma"   1,234,567 as the reader's language writes it; "short": 1.2M
 * data-pjax            counts again when the page changes its address by itself
 *
 * Sends  POST /busuanzi  {"url", "id", "title", "referrer", "width", "language", "timezone"}
 * Reads  {"site_pv", "site_uv", "page_pv", "page_uv"}
 *
 * The whole address goes into the body: browsers cut the one in the header to the host, and then
 * every article would show the home page's number. Nothing is stored, nothing global is made, and
 * when the service is away the places stay as they were.
 */
(function () {
  "use strict";
  var doc = document;
  var tag = doc.currentScript;
  if (!tag) return;
  var names = ["site_pv", "site_uv", "page_pv", "page_uv"];
  var starts = ["busuanzi_", "busuanzi_value_", "vercount_", "vercount_value_"];
  var containers = ["busuanzi_container_", "vercount_container_"];
  var endpoint = new URL("/busuanzi", tag.src).href;
  var own = tag.getAttribute("data-prefix");
  var style = tag.getAttribute("data-style");
  var page = 0;
  if (own) {
    starts.push(own + "_", own + "_value_");
    containers.push(own + "_container_");
  }

  function each(prefixes, name, act) {
    prefixes.forEach(function (prefix) {
      var place = doc.getElementById(prefix + name);
      if (place) act(place);
    });
  }

  function written(number) {
    if (style === "comma") return number.toLocaleString();
    if (style !== "short") return number;
    return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(
      number,
    );
  }

  function fill(numbers) {
    names.forEach(function (name) {
      // A number that is not shown is no number: its place stays as it was.
      if (typeof numbers[name] !== "number") return;
      each(starts, name, function (place) {
        place.textContent = written(numbers[name]);
      });
      each(containers, name, function (place) {
        place.style.display = "inline";
      });
    });
  }

  function id() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) {
      return (byte + 256).toString(16).slice(1);
    }).join("");
  }

  function send(body, turn, left) {
    // The same id: a copy of a view that was counted adds nothing.
    function again() {
      if (left)
        setTimeout(function () {
          send(body, turn, left - 1);
        }, 2000);
    }
    fetch(endpoint, {
      method: "POST",
      body: body,
      keepalive: true,
      credentials: "omit",
      headers: { "Content-Type": "text/plain" },
    }).then(function (answer) {
      if (answer.status >= 500) return again();
      if (!answer.ok) return;
      return answer.json().then(function (numbers) {
        // Whoever has gone on to another page meanwhile is not shown this one's.
        if (turn === page) fill(numbers);
      });
    }, again);
  }

  function count() {
    var told = {
      url: location.href.slice(0, 4000),
      id: id(),
      title: doc.title.slice(0, 256),
      width: screen.width || undefined,
      language: navigator.language || undefined,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone || undefined,
      referrer: doc.referrer.slice(0, 2000) || undefined,
    };
    send(JSON.stringify(told), ++page, 1);
  }

  function begin() {
    try {
      count();
    } catch {
      // The page goes on as if nothing had been here.
    }
  }

  function follow() {
    var push = history.pushState;
    history.pushState = function () {
      var before = location.href;
      var result = push.apply(this, arguments);
      // The new page's title comes after its address.
      if (location.href !== before) setTimeout(begin);
      return result;
    };
    addEventListener("popstate", begin);
  }

  // Places further down are there when the page is read, and a page in waiting is no view.
  if (doc.prerendering) doc.addEventListener("prerenderingchange", begin, { once: true });
  else if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", begin);
  else begin();
  if (tag.hasAttribute("data-pjax") || tag.hasAttribute("pjax")) follow();
  addEventListener("pageshow", function (event) {
    if (event.persisted) begin();
  });
})();
