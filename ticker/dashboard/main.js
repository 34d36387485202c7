// The frame: which view the address asks for.

import "./connection.js";
import "./toast.js";
import { parse } from "./routes.js";
import { StatusPage } from "./status-page.js";
import { SymbolPage } from "./symbol-page.js";
import { Watchlist } from "./watchlist.js";

const VIEWS = { watchlist: Watchlist, status: StatusPage, symbol: SymbolPage };
const TITLES = { watchlist: "Watchlist", status: "Status" };

const main = document.querySelector("main");

function route() {
  const address = parse(location.hash);
  const View = VIEWS[address.view];
  const same = main.firstElementChild instanceof View;
  if (!same) main.replaceChildren(new View());
  main.firstElementChild.route(address);
  document.title = `${TITLES[address.view] ?? address.name} – ticker`;
  for (const link of document.querySelectorAll("[data-view]")) {
    link.toggleAttribute("data-current", link.dataset.view === address.view);
    link.setAttribute("aria-current", link.dataset.view === address.view ? "page" : "false");
  }
  if (!same) scrollTo(0, 0);
}

/** `/` goes to the search from anywhere on the watchlist. */
function search(event) {
  const typing = event.target.closest("input, textarea, dialog");
  const field = document.querySelector("[role=combobox]");
  if (event.key !== "/" || typing || !field) return;
  event.preventDefault();
  field.focus();
}

addEventListener("hashchange", route);
addEventListener("keydown", search);
route();
