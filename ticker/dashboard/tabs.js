// The named watchlists as tabs, and what can be done with the one that is shown.

import { ask, show } from "./dialogs.js";
import { element } from "./dom.js";
import { listHref, sharedHref } from "./routes.js";
import { toast } from "./toast.js";

export class Tabs {
  constructor(lists, watchlist) {
    this.lists = lists;
    this.watchlist = watchlist;
    this.links = element("ul", { class: "tabs" });
    this.keep = button("Keep this list", () => watchlist.adopt());
    this.rename = button("Rename…", () => this.#rename());
    this.remove = button("Delete", () => this.#remove());
    const menu = element(
      "details",
      { class: "menu", focusout: closeLeft, keydown: closeByKey },
      element("summary", { "aria-label": "More for this list", title: "More for this list" }, "⋯"),
      element("div", {}, button("New list…", () => this.#create()), this.rename, this.remove),
    );
    menu.addEventListener("click", ({ target }) => target.closest("button") && (menu.open = false));
    this.element = element(
      "nav",
      { "aria-label": "Watchlists" },
      this.links,
      this.keep,
      button("Share", () => this.#share(), "Copy a link to this list"),
      menu,
    );
  }

  paint() {
    const { lists, watchlist } = this;
    const names = watchlist.shared || lists.has(watchlist.name) ? lists.names : [...lists.names, watchlist.name];
    const links = names.map((name) => this.#link(name, listHref(name), !watchlist.shared && name === watchlist.name));
    if (watchlist.shared) links.push(this.#link(`${watchlist.name} (shared)`, location.hash, true));
    this.links.replaceChildren(...links.map((link) => element("li", {}, link)));
    this.keep.hidden = !watchlist.shared;
    this.rename.hidden = this.remove.hidden = watchlist.shared || !lists.has(watchlist.name);
  }

  #link(text, href, current) {
    return element("a", { href, "aria-current": current ? "page" : null }, text);
  }

  async #create() {
    const name = await ask("New list", "Name", this.lists.free("New list"));
    if (!name) return;
    const free = this.lists.free(name);
    this.lists.keep(free, []);
    location.hash = listHref(free);
  }

  async #rename() {
    const { name } = this.watchlist;
    const wanted = await ask("Rename list", "Name", name);
    if (!wanted || wanted === name) return;
    const free = this.lists.free(wanted);
    this.lists.rename(name, free);
    location.hash = listHref(free);
  }

  #remove() {
    const { name, symbols } = this.watchlist;
    this.lists.remove(name);
    location.hash = this.lists.names.length ? listHref(this.lists.names[0]) : "#/list/";
    toast(`Deleted the list ${name}`, "Undo", () => {
      this.lists.keep(name, symbols);
      location.hash = listHref(name);
    });
  }

  async #share() {
    const { name, symbols } = this.watchlist;
    const link = new URL(sharedHref(name, symbols), location.href).href;
    try {
      await navigator.clipboard.writeText(link); // only where the page came over TLS, or from this machine
      toast("Link copied: it shows this list to whoever can reach this service");
    } catch {
      show("Link to this list", link);
    }
  }
}

const button = (text, click, title = null) => element("button", { type: "button", click, title }, text);

function closeLeft({ currentTarget, relatedTarget }) {
  if (!currentTarget.contains(relatedTarget)) currentTarget.open = false;
}

function closeByKey({ currentTarget, key }) {
  if (key !== "Escape" || !currentTarget.open) return;
  currentTarget.open = false;
  currentTarget.querySelector("summary").focus();
}
