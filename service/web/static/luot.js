// Counts the page that it stands on as one view, and prints the numbers that come back.
//
//   <script defer src="https://STATS/luot.js" data-site="portal"></script>
//   <span data-luot="views">…</span>
//
// What it sends, as JSON in a POST to hit?counters=1 beside this file: what the script's data-
// attributes say (site, section, author), and url, path, id, referrer, title, width, language,
// timezone. Under GPC or DNT it leaves out the last five and says which of the two it was.
// With data-hash what stands behind # is a page, too; with data-frames a frame is counted.
//
// It reserves no width: a style that came after the first paint would itself move the page.
//
// Whatever the page has done to its platform, nothing is thrown into it, and whatever the service
// does, a place keeps what it holds until there is a number. So what the platform reads inherits
// from no prototype that somebody may have changed.
(() => {
  const quiet =
    (act) =>
    async (...given) => {
      try {
        return await act(...given);
      } catch {
        // The page is not told.
      }
    };

  quiet(() => {
    const { src, dataset } = document.currentScript;
    // Included twice, a page is still one page; and an element of it may be named luot.
    if (window.luot && luot.fill) return;
    const base = new URL(".", src);
    const { globalPrivacyControl, doNotTrack, language } = navigator;
    const wish = globalPrivacyControl ? "&gpc=1" : doNotTrack === "1" ? "&dnt=1" : "";
    const shared = { __proto__: null, base, dataset, quiet, wish, told };
    let { referrer } = document,
      isDue = true, // nobody has seen this view yet
      answered, // the id of the last view that needs no retry
      here,
      pathname,
      link,
      oldLink, // the canonical one of the page before, which may still stand there
      more; // the second file, where it is needed

    function arrive() {
      ({ pathname } = location);
      here = pathname + location.search + ("hash" in dataset ? location.hash : "");
    }

    // That of the canonical link, if it is of this site and not "/" on every page.
    function path() {
      try {
        link = document.querySelector("link[rel=canonical]").href;
        const { hostname, pathname: target, search } = new URL(link);
        if (
          link !== oldLink &&
          !("hash" in dataset) &&
          hostname.replace("www.", "") === location.hostname.replace("www.", "") &&
          (target !== "/" || pathname === "/")
        )
          return target + search;
      } catch {
        // There is none, or it leads nowhere.
      }
      return here;
    }

    function told() {
      const { site, section, author } = dataset;
      const known = { __proto__: null, site, section, author };
      known.url = location.origin + here;
      known.path = path();
      known.id = crypto.getRandomValues(new Uint32Array(4)).join("-");
      if (wish) return known;
      known.language = language;
      known.timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      known.width = screen.width || undefined; // a window without a screen says 0
      return known;
    }

    function post(door, body) {
      return fetch(base + door + wish, { __proto__: null, method: "POST", body, keepalive: true });
    }

    // Sends what waits for no answer, also while the page is left.
    shared.send = quiet((known) => {
      const body = JSON.stringify(known);
      try {
        if (navigator.sendBeacon(base + "hit?" + wish, body)) return;
      } catch {
        // The page has taken it away.
      }
      return post("hit?", body);
    });

    const count = quiet(async () => {
      let begun = Date.now();
      const known = told();
      const { id } = known;
      shared.view = id;
      if (!wish) {
        known.referrer = referrer;
        known.title = document.title.slice(0, 999);
      }

      // So long ago that there will be no retry.
      function settle() {
        begun = 0;
        if (shared.view === id) answered = id;
      }

      function retry() {
        // An id is known for ten minutes; a copy that comes later might be counted.
        if (!navigator.onLine || Date.now() - begun > 5e5) return;
        settle();
        shared.send(known);
        setTimeout(fill, 1e3, 1);
      }

      try {
        const answer = await post("hit?counters=1", JSON.stringify(known));
        // Refused for good is settled, too.
        if (!(answer.status < 429)) throw 0;
        settle();
        const numbers = await answer.json();
        if (shared.view === id) show(numbers, known.path);
      } catch {
        addEventListener("online", retry);
        addEventListener("pagehide", retry);
        setTimeout(retry, 3e3);
      }
    });

    // Without a page of their own, the numbers are those of other pages.
    function show(numbers, own) {
      const places = document.querySelectorAll(own ? "[data-luot]" : "[data-luot-path]");
      for (const place of places) shared.print(place, numbers, own);
      if (!own) return;
      shared.numbers = numbers;
      shared.own = own;
      if (more) more(shared);
    }

    shared.print = quiet((place, numbers, own) => {
      const { luot: name, luotPath, luotFormat } = place.dataset;
      const [word, period] = name.split(".");
      const plain = { __proto__: null, online: numbers.online, ...numbers.pages[luotPath || own] };
      let number = period ? numbers[word][period] : plain[word];
      if (!/^\d+$/.test(number)) return;
      const options = { __proto__: null, notation: luotFormat === "short" ? "compact" : "standard" };
      if (luotFormat !== "plain") number = number.toLocaleString(document.documentElement.lang || [], options);
      // What is the same need not be read out again.
      if (place.textContent !== "" + number) place.textContent = number;
      place.toggleAttribute("data-luot-stale", !!numbers.stale);
    });

    // Asks for numbers of other pages, and of this one when no hit brings them.
    const fill = quiet((isOwn) => {
      const own = isOwn && path();
      const asked = { __proto__: null };
      if (own) asked[own] = 1;
      for (const place of document.querySelectorAll("[data-luot-path]"))
        asked[place.dataset.luotPath] = 1;
      let query = "";
      for (const one in asked) {
        query += "&path=" + encodeURIComponent(one);
        // More would not fit into the line of a request.
        if (query.length > 3e3) query = ask(query, own);
      }
      if (query) ask(query, own);
    });

    const ask = (query, own) => {
      quiet(async () => {
        const answer = await fetch(base + "counters?site=" + dataset.site + query);
        show(await answer.json(), own);
      })();
      return "";
    };

    // Some are only shown the numbers: by their own wish, or since the page is part of another.
    const look = quiet(async () => {
      if (!isDue || document.prerendering || document.hidden) return;
      isDue = false;
      let { hash } = location;
      quiet(() => {
        if (hash.startsWith("#luot-o")) localStorage.luot = hash;
        hash = localStorage.luot;
      })();
      if (hash === "#luot-off" || (top !== window && !("frames" in dataset))) return fill(1);
      count();
      fill();
    });

    const move = quiet((name) => {
      const before = here,
        beforePath = pathname;
      arrive();
      if (here === before || (name === "replaceState" && pathname === beforePath)) return;
      referrer = location.origin + before;
      oldLink = link;
      isDue = true;
      // The application is given the time to set its title.
      setTimeout(look, 50);
    });

    for (const name of ["pushState", "replaceState"]) {
      const native = history[name];
      history[name] = function (...given) {
        native.apply(this, given);
        move(name);
      };
    }
    addEventListener("popstate", move);
    document.addEventListener("visibilitychange", look);
    document.addEventListener("prerenderingchange", look);
    addEventListener("pageshow", (event) => {
      // Out of the back-forward cache: a new view, but for one that was never answered.
      if (event.persisted && answered === shared.view) isDue = true;
      look();
    });

    window.luot = Object.freeze({ fill });
    const parts = "[data-luot-live],[data-luot-box],[data-luot-list],[data-luot-event]";
    if (dataset.track || document.querySelector(parts))
      quiet(async () => {
        more = (await import(base + "luot-more.js")).default;
        more(shared);
      })();
    arrive();
    look();
  })();
})();
