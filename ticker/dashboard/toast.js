// A short notice at the bottom, perhaps with a way back.

import { element } from "./dom.js";

const SHOWN_MS = 8_000;

class Toast extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.setAttribute("role", "status");
  }

  show(text, label, action) {
    const press = () => {
      this.#hide();
      action();
    };
    this.replaceChildren(text, label ? element("button", { type: "button", click: press }, label) : "");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hide(), SHOWN_MS);
  }

  #hide() {
    this.replaceChildren();
  }
}

customElements.define("ticker-toast", Toast);

/** Tell the reader something; with a label for a button and what that does. */
export function toast(text, label = null, action = null) {
  document.querySelector("ticker-toast").show(text, label, action);
}
