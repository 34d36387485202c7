/** The ticker's JavaScript client: live prices for a page or a program, over one connection that keeps itself up.
 *
 *     const ticker = connect();
 *     ticker.subscribe("ticker", "coinbase:*", { maxRate: 4 }, (message) => …);
 *
 * It needs nothing but a browser, or Node with the package `ws`. docs/javascript.md explains it, and
 * ticker-client.d.ts says what there is.
 */

import { address } from "./client/address.js";
import { environment } from "./client/environment.js";
import { Ticker } from "./client/ticker.js";

export { RequestError } from "./client/rest.js";

/** Connect to a service and stay connected. Throws a TypeError for what is no address of one.
 * @param {string | URL} [url] like `wss://host/v1/ws`; left out: where this module was loaded from
 * @param {import("./ticker-client.d.ts").Options} [options]
 * @returns {import("./ticker-client.d.ts").Ticker}
 */
export function connect(url, options = {}) {
  const ticker = new Ticker(address(url, import.meta.url), options, environment(options));
  return /** @type {any} */ (ticker); // the type of an EventTarget does not know what its events are like
}
