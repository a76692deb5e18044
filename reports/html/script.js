"use strict";
(() => {
  const form = document.getElementById("filter");
  const list = document.getElementById("list");
  if (!form || !list) return;
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const search = document.getElementById("search");
  const rule = document.getElementById("rule");
  const target = document.getElementById("target");
  const items = Array.from(list.children, (element) => ({
    element,
    details: element.firstElementChild,
    severity: element.dataset.severity,
    rule: element.dataset.rule,
    states: element.dataset.states.split(" "),
    target: element.dataset.target,
    text: "",
    shown: true,
  }));
  const number = new Intl.NumberFormat("en");

  const chosen = (name) => new Set(Array.from(form.querySelectorAll(`[name=${name}]:checked`), (box) => box.value));
  const textOf = (item) => (item.text ||= `${item.rule} ${item.element.textContent}`.replace(/\s+/g, " ").toLowerCase());

  function apply() {
    const levels = chosen("severity");
    const states = chosen("state");
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let fit = 0;
    for (const item of items) {
      const shown =
        levels.has(item.severity) &&
        (item.states[0] === "" || item.states.some((state) => states.has(state))) &&
        (!rule.value || item.rule === rule.value) &&
        (!target || !target.value || item.target === target.value) &&
        words.every((word) => textOf(item).includes(word));
      if (shown) fit += 1;
      if (shown !== item.shown) {
        item.shown = shown;
        item.element.hidden = !shown;
      }
    }
    const all = number.format(items.length);
    const noun = items.length === 1 ? "finding" : "findings";
    count.textContent = fit === items.length ? `${all} ${noun}` : `${number.format(fit)} of ${all} ${noun}`;
    nothing.hidden = fit > 0;
  }

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  };

  // The whole advice stands once, further down; a finding that is opened gets a copy.
  function fill(details) {
    const place = details.querySelector("[data-remedy]");
    if (!place) return;
    const whole = document.getElementById(`remedy-${place.dataset.remedy}`);
    delete place.dataset.remedy;
    if (whole) place.replaceChildren(...Array.from(whole.childNodes, (node) => node.cloneNode(true)));
  }

  // A link to a finding shows it, whatever the filter says, and opens it.
  function visit() {
    const item = items.find((one) => `#${one.element.id}` === location.hash);
    if (!item) return;
    if (!item.shown) {
      form.reset();
      apply();
    }
    item.details.open = true;
    item.element.scrollIntoView();
    item.details.firstElementChild.focus({ preventScroll: true });
  }

  const opened = (open) => {
    for (const item of items) if (item.shown) item.details.open = open;
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  search.addEventListener("input", soon);
  document.getElementById("open").addEventListener("click", () => opened(true));
  document.getElementById("close").addEventListener("click", () => opened(false));
  document.addEventListener("toggle", (event) => event.target.open && fill(event.target), true);
  for (const item of items) if (item.details.open) fill(item.details);
  addEventListener("hashchange", visit);
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|select|textarea)$/i.test(event.target.tagName || "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      apply();
    }
  });
  // Where styles cannot open what is closed, paper gets it opened here.
  if (!CSS.supports("selector(::details-content)")) {
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = items.filter((item) => item.shown && !item.details.open);
      for (const item of closed) item.details.open = true;
    });
    addEventListener("afterprint", () => {
      for (const item of closed) item.details.open = false;
    });
  }
  visit();
})();
