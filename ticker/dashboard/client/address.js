/** Where a service is: one address for a WebSocket, and those beside it. */

/** @typedef {{websocket: string, rest: (path: string, query?: Record<string, any>) => string}} Address */

const USUAL = "v1/ws";
const HASHED = /assets\/[^/]+\/[^/]*$/; // below the root of the service, under the hash of its content
const EXAMPLE = "wss://host/v1/ws";

/** Throws a TypeError for what is no address of a service. @param {string | URL | undefined} given
 * @param {string} base what it may be relative to; where it is left out, the service is there
 * @returns {Address}
 */
export function address(given, base) {
  const url = parsed(given ?? USUAL, given === undefined ? base.replace(HASHED, "") : base);
  if (url.pathname === "/") url.pathname = USUAL;
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  return { websocket: url.href, rest: (path, query = {}) => rest(url, path, query) };
}

/** @param {string | URL} given @param {string} base */
function parsed(given, base) {
  let url;
  try {
    url = new URL(given, base);
  } catch {
    throw new TypeError(`${JSON.stringify(String(given))} is not an address like ${EXAMPLE}`);
  }
  if (/^(ws|http)s?:$/.test(url.protocol)) return url;
  throw new TypeError(`connect(${JSON.stringify(EXAMPLE)}): say where the service is`);
}

/** @param {URL} websocket @param {string} path @param {Record<string, any>} query */
function rest(websocket, path, query) {
  const url = new URL(websocket.href.replace(/^ws/, "http"));
  url.pathname = url.pathname.replace(/[^/]*$/, path);
  url.search = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value)).replace(/%(3A|2C)/g, decodeURIComponent)}`)
    .join("&");
  return url.href;
}
