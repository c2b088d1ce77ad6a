/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, and links into what is closed. All content is there without this. */
"use strict";
(function () {
  const find = (selector) => [...document.querySelectorAll(selector)];
  const form = document.getElementById("filters");
  const search = document.getElementById("q");
  const state = document.getElementById("state");
  const count = document.getElementById("count");
  const boxes = find("#filters input[type=checkbox]");
  const requirements = find(".req").map((element) => ({
    element,
    text: element.textContent.toLowerCase(),
    states: element.dataset.s.split(" ").map((pair) => pair.split(":")),
  }));
  const sections = find(".ext");
  const columns = find("[data-c]");
  const seen = find("[data-cs]:not(input)");
  const groups = find("th[data-group]");
  let visible = new Set();

  function chosen() {
    let numbers = null;
    for (const name of ["testee", "kernel"]) {
      const own = boxes.filter((box) => box.dataset.f === name);
      if (!own.length) continue;
      const on = new Set(own.filter((box) => box.checked).flatMap((box) => box.dataset.cs.split(" ")));
      numbers = numbers === null ? on : new Set([...numbers].filter((number) => on.has(number)));
    }
    return numbers;
  }

  function hideColumns() {
    const numbers = chosen();
    const shows = (number) => numbers === null || numbers.has(number);
    visible = shows;
    for (const element of columns) element.hidden = !shows(element.dataset.c);
    for (const element of seen) element.hidden = !element.dataset.cs.split(" ").some(shows);
    for (const group of groups) {
      const own = boxes.find((box) => box.dataset.f === "testee" &&
        box.parentElement.textContent.trim() === group.dataset.group);
      if (!own) {
        const all = [...group.closest("thead").rows[1].cells].filter((cell) => !cell.hidden);
        group.colSpan = Math.max(1, all.length);
        continue;
      }
      const left = own.dataset.cs.split(" ").filter(shows);
      group.hidden = !left.length;
      group.colSpan = Math.max(1, left.length);
    }
  }

  function hideRequirements() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const each of requirements) {
      const fits = !state.value || each.states.some(([number, css]) => css === state.value && visible(number));
      const shown = fits && words.every((word) => each.text.includes(word));
      each.element.hidden = !shown;
      left += shown ? 1 : 0;
    }
    for (const section of sections) section.hidden = !section.querySelector(".req:not([hidden])");
    count.textContent = `${left} of ${requirements.length} requirements`;
  }

  function apply() {
    hideColumns();
    hideRequirements();
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let element = target; element; element = element.parentElement) {
      element.hidden = false;
      if (element.tagName === "DETAILS") element.open = true;
    }
    target.scrollIntoView();
  }

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(hideRequirements, 120);
  });
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("open").addEventListener("click", (event) => {
    const open = event.target.textContent === "Open all";
    for (const each of requirements) each.element.open = open && !each.element.hidden;
    event.target.textContent = open ? "Close all" : "Open all";
  });
  addEventListener("hashchange", reveal);
  form.hidden = false;
  apply();
  reveal();
})();
