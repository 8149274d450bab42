/*
 * Fills the places of busuanzi and vercount in pages that carry them, and counts the page.
 *
 * <script async src="https://stats.example.vn/busuanzi.js"></script>
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
  var prefixes = ["busuanzi_", "busuanzi_value_", "vercount_value_", "vercount_"];
  var containers = ["busuanzi_container_", "vercount_container_"];
  var endpoint = new URL("/busuanzi", tag.src).href;
  var own = tag.getAttribute("data-prefix");
  if (own) {
    prefixes.push(own + "_", own + "_value_");
    containers.push(own + "_container_");
  }

  function each(starts, name, act) {
    starts.forEach(function (start) {
      var place = doc.getElementById(start + name);
      if (place) act(place);
    });
  }

  function fill(numbers) {
    names.forEach(function (name) {
      var number = numbers[name];
      if (typeof number !== "number") return;
      each(prefixes, name, function (place) {
        place.textContent = number;
      });
      each(containers, name, function (place) {
        place.style.display = "inline";
      });
    });
  }

  function id() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (byte) {
      return (byte + 256).toString(16).slice(1);
    }).join("");
  }

  function send(body, left) {
    fetch(endpoint, {
      method: "POST",
      body: body,
      keepalive: true,
      credentials: "omit",
      headers: { "Content-Type": "text/plain" },
    })
      .then(function (answer) {
        return answer.ok ? answer.json().then(fill) : again(answer.status >= 500);
      })
      .catch(function () {
        again(true);
      });
    // The same id: a copy of a view that was counted adds nothing.
    function again(helps) {
      if (helps && left)
        setTimeout(function () {
          send(body, left - 1);
        }, 2000);
    }
  }

  function count() {
    var referrer = doc.referrer;
    send(
      JSON.stringify({
        url: location.href.slice(0, 4000),
        id: id(),
        title: doc.title.slice(0, 256),
        referrer: referrer ? referrer.slice(0, 2000) : undefined,
        width: screen.width || undefined,
        language: navigator.language || undefined,
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone || undefined,
      }),
      1,
    );
  }

  function begin() {
    try {
      count();
    } catch (error) {
      // The page goes on as if nothing had been here.
    }
  }

  // Places further down are there when the page is read, and a page in waiting is no view.
  if (doc.prerendering) doc.addEventListener("prerenderingchange", begin, { once: true });
  else if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", begin);
  else begin();
  addEventListener("pageshow", function (event) {
    if (event.persisted) begin();
  });
})();
