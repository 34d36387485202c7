/** What a refusal means for a request that may speak for several parts of a page. */

/** @typedef {"again" | "alone" | "refuse" | "tell" | "forget"} Answer
 * `again`: as it was, when the time is over; `alone`: each part by itself, one of them is to blame; `refuse`: the part;
 * `tell`: what it was about goes on as it is; `forget`: again, without resuming, since this service cannot */

/** @param {import("./asking.js").Request} request @param {any} error @returns {Answer} */
export function answered(request, error) {
  if (error.retry_after_ms !== undefined) return "again";
  if (request.op === "unsubscribe" || request.wishes.size === 0) return "tell";
  if (request.body.since !== undefined && error.code === 400 && error.reason.startsWith("since")) return "forget";
  return request.wishes.size > 1 ? "alone" : "refuse";
}

/** What was probably meant, in the words of a reason. @param {string} reason */
export function suggestion(reason) {
  return /did you mean '?([^\s'?]+)'?\?/.exec(reason)?.[1] ?? null;
}
