// Bringing lines into another order by dragging them, with a mouse, a pen or a finger.

export class Dragging {
  #line = null;

  constructor(table) {
    this.table = table;
    this.body = table.body;
    this.body.addEventListener("pointerdown", (event) => this.#start(event));
    this.body.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.body.addEventListener(end, (event) => this.#end(event));
  }

  #start(event) {
    if (event.button !== 0 || !event.target.closest(".handle")) return;
    event.preventDefault();
    this.#line = event.target.closest(".row");
    this.#line.classList.add("dragged");
    this.body.setPointerCapture(event.pointerId);
  }

  /** The neighbours move past the line as soon as the pointer is beyond their middle. */
  #move({ clientY }) {
    const line = this.#line;
    if (!line) return;
    const [before, after] = [line.previousElementSibling, line.nextElementSibling];
    if (before && clientY < middle(before)) line.after(before);
    else if (after && clientY > middle(after)) line.before(after);
  }

  #end(event) {
    if (!this.#line) return;
    this.body.releasePointerCapture(event.pointerId);
    this.#line.classList.remove("dragged");
    this.#line = null;
    this.table.keepOrder();
  }
}

function middle(line) {
  const { top, height } = line.getBoundingClientRect();
  return top + height / 2;
}
