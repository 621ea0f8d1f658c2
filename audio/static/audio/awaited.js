/* The notes that this tab has sent and not yet heard of: their end is told on whatever page it happens. */

const KEY = "awaited-notes";

export function awaited() { return JSON.parse(sessionStorage.getItem(KEY) ?? "[]"); }
export function awaitNote(id) { sessionStorage.setItem(KEY, JSON.stringify([...awaited(), id].slice(-50))); }
export function forgetNote(id) { sessionStorage.setItem(KEY, JSON.stringify(awaited().filter((each) => each !== id))); }
