/** What the client needs of the page or program that it runs in; a test gives it another. */

/**
 * @typedef {object} Environment
 * @property {() => number} now in ms; the clock of the wall, as others may stand still while a machine sleeps
 * @property {() => number} random uniform below 1
 * @property {(call: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {(call: () => void) => void} defer after what happens at this moment
 * @property {any} WebSocket
 * @property {any} EventSource
 * @property {typeof globalThis.fetch} fetch
 * @property {(watcher: {woken: (moved: boolean) => void, hidden: (hidden: boolean) => void}) => () => void} watch
 *   when the page is hidden, and when it was away and is back; returns how to stop
 */

/** That of this page or program. @param {import("../ticker-client.d.ts").Options} options @returns {Environment} */
export function environment(options) {
  const { WebSocket = globalThis.WebSocket, EventSource = globalThis.EventSource } = options;
  if (!WebSocket && !EventSource)
    throw new TypeError("there is no WebSocket here: connect(url, { WebSocket }) takes that of the package ws");
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (call, ms) => setTimeout(call, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    defer: (call) => queueMicrotask(call),
    WebSocket,
    EventSource,
    fetch: (...request) => fetch(...request),
    watch,
  };
}

/** @type {Environment["watch"]} */
function watch({ woken, hidden }) {
  if (typeof document === "undefined" || typeof window === "undefined") return () => undefined;
  const seen = () => {
    hidden(document.hidden);
    if (!document.hidden) woken(false);
  };
  const moved = () => woken(true);
  const shown = (/** @type {PageTransitionEvent} */ event) => event.persisted && woken(false);
  document.addEventListener("visibilitychange", seen);
  document.addEventListener("resume", seen);
  window.addEventListener("online", moved);
  window.addEventListener("pageshow", shown);
  hidden(document.hidden);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    document.removeEventListener("resume", seen);
    window.removeEventListener("online", moved);
    window.removeEventListener("pageshow", shown);
  };
}
