// Searching the directory for symbols to add: a combobox as the ARIA Authoring Practices describe it.

import { found, isPattern } from "./directory.js";
import { element } from "./dom.js";
import { directory } from "./session.js";
import { counted } from "./words.js";

const SHOWN = 50;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Search {
  #symbols = [];
  #options = [];
  #active = -1;

  constructor(watchlist) {
    this.watchlist = watchlist;
    this.field = element("input", {
      type: "search",
      role: "combobox",
      "aria-label": "Add symbols",
      "aria-expanded": "false",
      "aria-controls": "found",
      "aria-autocomplete": "list",
      "aria-keyshortcuts": "/",
      placeholder: "Add symbols: btc, or *:BTC-*",
      autocomplete: "off",
      spellcheck: "false",
      focus: () => this.#open(),
      input: () => this.#open(),
      keydown: (event) => this.#press(event),
      blur: () => this.#close(),
    });
    this.list = element("ul", { id: "found", role: "listbox", "aria-label": "Symbols found", hidden: true });
    this.list.addEventListener("pointerdown", (event) => this.#point(event));
    this.element = element("div", { class: "search" }, this.field, element("kbd", { "aria-hidden": "true" }, "/"), this.list);
  }

  async #open() {
    try {
      this.#symbols = (await directory()).map(({ symbol }) => symbol);
    } catch {
      this.#symbols = [];
    }
    if (document.activeElement === this.field) this.#paint();
  }

  #close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  #paint() {
    const symbols = found(this.field.value, this.#symbols);
    const missing = symbols.filter((symbol) => !this.watchlist.has(symbol));
    this.#options = symbols.slice(0, SHOWN).map((symbol) => this.#option(symbol));
    const all = isPattern(this.field.value) || (this.field.value && missing.length > 1);
    if (all && missing.length) this.#options.unshift(this.#all(missing));
    this.#options.forEach(({ line }, place) => { line.id = `found-${place}`; });
    const rest = symbols.length - SHOWN;
    const note = !symbols.length ? "No such symbol" : rest > 0 ? `and ${rest} more: type on` : null;
    this.list.replaceChildren(
      ...this.#options.map(({ line }) => line),
      ...(note ? [element("li", { role: "option", "aria-disabled": "true", class: "rest" }, note)] : []),
    );
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#activate(this.field.value && this.#options.length ? 0 : -1);
  }

  #option(symbol) {
    const there = this.watchlist.has(symbol);
    const [venue, name] = symbol.split(/:(.*)/s);
    const line = element(
      "li",
      { role: "option", "aria-selected": "false", class: there ? "there" : null },
      element("b", {}, name || venue),
      element("span", { class: "venue" }, name ? venue : ""),
      element("span", { class: "mark" }, there ? "on the list ✓" : "add"),
    );
    const act = () => (there ? this.watchlist.remove(symbol) : this.watchlist.add([symbol]));
    return { line, act };
  }

  #all(symbols) {
    const line = element(
      "li",
      { role: "option", "aria-selected": "false", class: "all" },
      element("b", {}, `All ${counted(symbols.length, "match").replace("matchs", "matches")}`),
      element("span", { class: "mark" }, "add all"),
    );
    return { line, act: () => this.watchlist.add(symbols) };
  }

  #activate(place) {
    this.#options[this.#active]?.line.setAttribute("aria-selected", "false");
    this.#active = place;
    const option = this.#options[place];
    if (!option) return this.field.removeAttribute("aria-activedescendant");
    option.line.setAttribute("aria-selected", "true");
    option.line.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", option.line.id);
  }

  #press(event) {
    const { key } = event;
    if (key in STEPS && this.#options.length) {
      this.#activate((this.#active + STEPS[key] + this.#options.length) % this.#options.length);
    } else if (key === "Enter" && this.#active >= 0) {
      this.#act(this.#active);
    } else if (key === "Escape") {
      if (!this.field.value) this.field.blur();
      this.field.value = "";
      this.#close();
    } else {
      return;
    }
    event.preventDefault();
  }

  #point(event) {
    event.preventDefault(); // the field keeps the focus
    const place = this.#options.findIndex(({ line }) => line.contains(event.target));
    if (place >= 0) this.#act(place);
  }

  #act(place) {
    this.#options[place].act();
    this.#paint();
    this.#activate(Math.min(place, this.#options.length - 1));
  }
}
