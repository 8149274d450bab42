// What the dashboard does besides being read: numbers under the hand, tabs without a new page, and
// numbers of this moment. Everything here is also there without it, by links, titles and tables.
"use strict";

/** A chart tells the number under the hand or, by arrow keys, under the cursor. */
function followChart(chart) {
  const plot = chart.querySelector(".plot");
  const columns = [...plot.querySelectorAll(".column")];
  const rows = [...chart.querySelectorAll("tbody tr")];
  const drawing = plot.querySelector("svg");
  const [hand, spot, told] = [".hand", ".spot", ".told"].map((part) => plot.querySelector(part));
  let at = -1;

  // What the browser shows by itself would stand over what is told here.
  plot.querySelectorAll("title").forEach((title) => title.remove());

  function show(n) {
    at = Math.max(0, Math.min(columns.length - 1, n));
    const { x, y } = columns[at].dataset;
    const [box, room] = [drawing.getBoundingClientRect(), plot.getBoundingClientRect()];
    const left = box.left - room.left + (box.width * x) / 100;
    const cells = [...rows[at].children].map((cell) => cell.textContent.trim());
    told.textContent = cells[0] + ": " + cells[1] + (cells[2] ? "  (" + cells[2] + ")" : "");
    hand.hidden = told.hidden = false;
    spot.hidden = y === undefined;
    hand.style.left = left + "px";
    hand.style.top = box.top - room.top + "px";
    hand.style.height = box.height + "px";
    spot.style.left = left + "px";
    spot.style.top = box.top - room.top + (box.height * y) / 100 + "px";
    const half = told.offsetWidth / 2;
    told.style.left = Math.max(0, Math.min(room.width - 2 * half, left - half)) + "px";
  }

  function hide() {
    at = -1;
    hand.hidden = spot.hidden = told.hidden = true;
  }

  plot.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const n = Math.floor(((event.clientX - box.left) / box.width) * columns.length);
    if (n >= 0 && n < columns.length) show(n);
  });
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const last = columns.length - 1;
    const next = { ArrowLeft: at < 0 ? last : at - 1, ArrowRight: at + 1, Home: 0, End: last };
    if (event.key in next) {
      event.preventDefault();
      show(next[event.key]);
    } else if (event.key === "Escape") {
      hide();
    } else if (event.key === "Enter" && at >= 0) {
      rows[at].querySelector("a")?.click();
    }
  });
  plot.addEventListener("click", () => {
    if (at >= 0) rows[at].querySelector("a")?.click();
  });
}

/** A tab's list takes the place of the one that is shown; the address says so. */
function changeTabs(cards) {
  cards.addEventListener("click", async (event) => {
    const link = event.target.closest(".tabs a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const card = link.closest(".card");
    try {
      const answer = await fetch(link.href);
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      card.replaceWith(page.getElementById(card.id));
      history.replaceState(null, "", link.href.split("#")[0]);
      document.querySelectorAll(".tabs a").forEach((other) => {
        const [mine, theirs] = [other.closest(".card").id, card.id];
        const fresh = page.querySelectorAll("#" + mine + " .tabs a");
        const place = [...other.parentNode.children].indexOf(other);
        if (mine !== theirs && fresh[place]) other.href = fresh[place].href;
      });
      document.querySelector("#" + card.id + " .tabs [aria-current]")?.focus();
    } catch {
      location.assign(link.href);
    }
  });
}

/** The strip of this moment is asked for again while somebody looks. */
function keepNow(strip) {
  const every = 15000;
  setInterval(async () => {
    const old = document.getElementById(strip.id);
    if (document.hidden || old.matches(":focus-within, :hover")) return;
    try {
      const answer = await fetch(strip.dataset.now + "?lang=" + document.documentElement.lang);
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      old.replaceWith(page.getElementById(strip.id));
    } catch {
      // The numbers that are shown stay as they are; the next time may do better.
    }
  }, every);
}

/** A menu closes when something else is chosen, and by Escape. */
function closeMenus() {
  const close = (but) =>
    document.querySelectorAll(".menu[open]").forEach((menu) => {
      if (menu !== but) menu.open = false;
    });
  document.addEventListener("click", (event) => close(event.target.closest(".menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.activeElement.closest(".menu[open]")?.querySelector("summary").focus();
    close(null);
  });
}

document.querySelectorAll("[data-chart]").forEach(followChart);
document.querySelectorAll(".cards").forEach(changeTabs);
document.querySelectorAll("[data-now]").forEach(keepNow);
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
closeMenus();
