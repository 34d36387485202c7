// Small dialogs of one field.

import { element } from "./dom.js";

/** Ask for a line of text; null where the reader thinks better of it. */
export function ask(title, label, value) {
  const field = element("input", { value, required: true, maxlength: 60, autocomplete: "off" });
  return open(title, label, field, [
    element("button", { type: "button", "data-close": true }, "Cancel"),
    element("button", { class: "main" }, "OK"),
  ]);
}

/** Show a line of text to be copied. */
export function show(title, value) {
  const field = element("input", { value, readonly: true });
  return open(title, title, field, [element("button", { class: "main" }, "Close")]);
}

function open(title, label, field, buttons) {
  const form = element(
    "form",
    {},
    element("h2", {}, title),
    element("label", {}, element("span", { class: "hidden" }, label), field),
    element("div", { class: "buttons" }, ...buttons),
  );
  const dialog = element("dialog", { "aria-label": title }, form);
  document.body.append(dialog);
  dialog.showModal();
  field.select();
  return new Promise((resolve) => {
    const close = (answer) => {
      dialog.remove();
      resolve(answer);
    };
    dialog.addEventListener("close", () => close(null));
    dialog.addEventListener("click", ({ target }) => "close" in target.dataset && close(null));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close(field.value.trim() || null);
    });
  });
}
