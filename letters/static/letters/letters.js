/* The pages of the letters, quicker: rows follow the sending, all can be chosen at once, the draft is seen while it is typed.
   Without it the same forms and links do the same. */

const REFRESH_MS = 2_000; // at most so often, however fast letters go
const TYPING_MS = 800;
const CHOSEN = "input[name=teachers]:checked";

/* ── What the sending changes ── */

const live = document.getElementById("live");
let counted = live?.querySelector("[data-counted]")?.dataset.counted; // when the page was made
let refreshing = 0;

live?.addEventListener("batch:update", (event) => {
  const { done, error, cancelled, running, pending } = event.detail.job;
  const stop = document.getElementById("stop");
  if (stop) stop.hidden = !pending;
  const state = [done, error, cancelled, running].join();
  if (state !== counted) refreshSoon();
  counted = state;
});
live?.addEventListener("batch:ended", refreshSoon);

function refreshSoon() {
  refreshing ||= setTimeout(refresh, REFRESH_MS);
}

async function refresh() {
  try {
    const response = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (response.ok && !response.redirected) show(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // the poller says that the connection is lost; when it is back, it asks again and so do we
  } finally {
    refreshing = 0;
  }
}

/* Only what differs is replaced: a checkbox stays checked and the focus stays where it is. */
function show(page) {
  const [batch, next] = [live, page].map((root) => root.querySelector("[data-batch]"));
  if (batch?.dataset.unsure !== next?.dataset.unsure) replace(batch, next); // the poller knows failures; which are unsure, the letters know
  replaceSection(page, "yours", "list");
  replace(live.querySelector(".tabs"), page.querySelector(".tabs"));
  for (const row of live.querySelectorAll("tbody tr")) replaceRow(row, page.getElementById(row.id));
}

function replaceSection(page, id, before) {
  const [old, next] = [document.getElementById(id), page.getElementById(id)];
  if (old && next) return replace(old, next);
  if (next) document.getElementById(before)?.before(document.importNode(next, true));
  else if (old && !old.contains(document.activeElement)) old.remove();
}

/* Cell by cell: the box beside the name is the person's. A row that has left this tab goes, unless somebody is at it. */
function replaceRow(row, next) {
  if (!next) return row.contains(document.activeElement) || row.querySelector(CHOSEN) ? undefined : row.remove();
  row.className = next.className;
  [...row.cells].forEach((cell, index) => cell.querySelector(CHOSEN) || replace(cell, next.cells[index]));
}

function replace(old, next) {
  if (old && next && !old.isEqualNode(next) && !old.contains(document.activeElement)) old.replaceWith(document.importNode(next, true));
}

/* ── The choice ── */

const all = document.querySelector("[data-all]");
const boxes = () => [...document.querySelectorAll("input[name=teachers]")];

function count() {
  const number = document.querySelectorAll(CHOSEN).length;
  const words = document.querySelector("[data-chosen]");
  const button = words.closest("button");
  words.dataset.none ??= words.textContent;
  words.textContent = number === 0 ? words.dataset.none : (number === 1 ? words.dataset.one : words.dataset.many).replace("%s", number);
  button.disabled = number === 0;
  const box = all.querySelector("input");
  box.checked = number > 0 && number === boxes().length;
  box.indeterminate = number > 0 && !box.checked;
}

if (all) {
  all.hidden = false;
  live.addEventListener("change", (event) => {
    if (all.contains(event.target)) for (const box of boxes()) box.checked = event.target.checked;
    count();
  });
  count();
}

/* ── The preview ── */

for (const select of document.querySelectorAll("[data-submits]")) select.addEventListener("change", () => select.form.requestSubmit());

const draft = document.querySelector("form[data-draft]");
const frame = document.querySelector("iframe.paper");
let typing = 0;

if (frame && !navigator.pdfViewerEnabled) { // most phones: the PDF opens in a window of its own
  frame.hidden = true;
  for (const button of document.querySelectorAll("[formtarget=draft]")) button.formTarget = "_blank";
  for (const link of document.querySelectorAll("a[target=draft]")) link.target = "_blank";
}

draft?.addEventListener("input", (event) => {
  if (event.target.type === "file" || frame.hidden) return; // a logo is seen once it is saved
  clearTimeout(typing);
  typing = setTimeout(() => document.querySelector("[formtarget=draft]").click(), TYPING_MS);
});
