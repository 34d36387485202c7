// Making elements. Text is always text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (a function is a listener, `true` an attribute without a value, null none) and children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  set(made, attributes);
  made.append(...children.filter((child) => child != null));
  return made;
}

/** The same for the elements of pictures. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  set(made, attributes);
  made.append(...children);
  return made;
}

/** A place for text that changes often: only what differs is written. */
export class Text {
  constructor(text = "") {
    this.node = document.createTextNode(text);
    this.text = text;
  }

  /** Whether that is a change. */
  write(text) {
    if (text === this.text) return false;
    this.text = text;
    this.node.data = text;
    return true;
  }
}

/** Set an attribute where it differs; null takes it away. */
export function setAttribute(target, name, value) {
  if (value === null) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

function set(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") target.addEventListener(name, value);
    else if (value === true) target.setAttribute(name, "");
    else if (value != null && value !== false) target.setAttribute(name, value);
  }
}
