/* SPDX-License-Identifier: Apache-2.0 */
/* Searches the index of all pages. Everything else works without this. */
"use strict";
(function () {
  const MOST = 40;
  const box = document.getElementById("search");
  const input = document.getElementById("q");
  const list = document.getElementById("found");
  const count = document.getElementById("count");
  const entries = (window.lxcspecIndex || []).map(([kind, name, url, text]) => ({
    kind, name, url, text, low: `${kind} ${name} ${text}`.toLowerCase(), lowName: name.toLowerCase(),
  }));
  if (!entries.length) return;
  box.hidden = false;

  function rank(entry, words, whole) {
    if (!words.every((word) => entry.low.includes(word))) return -1;
    if (entry.lowName === whole) return 3;
    if (entry.lowName.startsWith(whole)) return 2;
    return words.every((word) => entry.lowName.includes(word)) ? 1 : 0;
  }

  function show() {
    const whole = input.value.trim().toLowerCase();
    const words = whole.split(/\s+/).filter(Boolean);
    list.replaceChildren();
    list.hidden = !words.length;
    count.textContent = "";
    if (!words.length) return;
    const found = entries.map((entry, at) => ({entry, at, rank: rank(entry, words, whole)}))
      .filter((each) => each.rank >= 0)
      .sort((a, b) => b.rank - a.rank || a.at - b.at);
    count.textContent = `${found.length} found`;
    for (const {entry} of found.slice(0, MOST)) {
      const link = document.createElement("a");
      link.href = entry.url;
      link.append(`${entry.kind} ${entry.name}`);
      const text = document.createElement("span");
      text.className = "small";
      text.textContent = entry.text;
      link.append(text);
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    if (found.length > MOST || !found.length) {
      const item = document.createElement("li");
      item.className = "small";
      item.textContent = found.length ? `and ${found.length - MOST} more` : "nothing found";
      list.append(item);
    }
  }

  function move(by) {
    const links = [input, ...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (at >= 0) links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  }

  input.addEventListener("input", show);
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) list.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape") {
      list.hidden = true;
    } else if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && document.activeElement === input) {
      const first = list.querySelector("a");
      if (first) first.click();
    }
  });
})();
