// The table by keyboard. It is one stop of the Tab key; inside, the arrows go from line to line.

const STEPS = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

export class Keys {
  constructor(table) {
    this.table = table;
    table.body.addEventListener("keydown", (event) => this.#press(event));
    table.body.addEventListener("focusin", (event) => this.#stay(event.target.closest(".row")));
  }

  #press(event) {
    const line = event.target.closest(".row");
    if (!line || event.ctrlKey || event.metaKey) return;
    if (this.#does(event, line)) event.preventDefault();
  }

  #does({ key, altKey }, line) {
    if (altKey) return this.#move(line, key);
    if (key in STEPS) return this.#go(line, STEPS[key]);
    if (key === "Enter") return this.#open(line);
    if (key === "Delete" || key === "Backspace") return this.#remove(line);
    return false;
  }

  #go(line, step) {
    const { lines } = this.table;
    const place = Math.min(Math.max(lines.indexOf(line) + step, 0), lines.length - 1);
    lines[place].focus();
    lines[place].scrollIntoView({ block: "nearest" });
    return true;
  }

  #open(line) {
    line.querySelector("a").click();
    return true;
  }

  #remove(line) {
    const next = line.nextElementSibling ?? line.previousElementSibling;
    this.table.remove(line.dataset.symbol);
    next?.focus();
    return true;
  }

  /** The neighbour moves past the line, which so keeps the focus. */
  #move(line, key) {
    if (key === "ArrowUp" && line.previousElementSibling) line.after(line.previousElementSibling);
    else if (key === "ArrowDown" && line.nextElementSibling) line.before(line.nextElementSibling);
    else return key === "ArrowUp" || key === "ArrowDown";
    this.table.keepOrder();
    line.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** Tab comes back to where it left. */
  #stay(line) {
    this.table.body.querySelector('.row[tabindex="0"]')?.setAttribute("tabindex", -1);
    line.setAttribute("tabindex", 0);
  }
}
