/** Questions that are asked once, over HTTP. */

export class RequestError extends Error {
  /** @param {number} code @param {string} reason */
  constructor(code, reason) {
    super(`${reason} (${code})`);
    this.name = "RequestError";
    this.code = code;
  }
}

/** The JSON at an address. @param {typeof globalThis.fetch} fetch @param {string} url @param {string | null} token
 * @param {string} [method]
 */
export async function get(fetch, url, token, method = "GET") {
  const headers = token === null ? undefined : { Authorization: `Bearer ${token}` };
  const response = await fetch(url, { method, headers });
  if (response.ok) return response.json();
  const error = await response.json().catch(() => ({}));
  throw new RequestError(response.status, error.reason ?? `the service answers HTTP ${response.status}`);
}
