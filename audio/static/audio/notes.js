/* The lists and records beside the recorder, quicker: they follow what happens, an undo does not leave the page, a field's words are
   heard in place. Every region is rendered by the server. Without this file the same forms and links do the same. */

const LIVE = "[data-live]";
const SUBMITS = "[data-submits]";

/* ── What happens elsewhere ── */

const PAUSE_MS = 100; // several lines may follow one job
let waiting = 0;

document.addEventListener("note:sent", refreshSoon);
document.addEventListener("job:ended", (event) => { if (event.detail.job.kind === "audio.process") refreshSoon(); });

function refreshSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, PAUSE_MS);
}

async function refresh() {
  const page = await load(location.href).catch(() => null); // the poller says when the connection is lost
  if (page) show(page);
}

async function load(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.querySelector(LIVE)) throw new Error(`${response.url} answered ${response.status}`);
  return page;
}

/* Details that somebody opened stay open; whoever writes or listens there is not disturbed. */
function show(page) {
  for (const region of document.querySelectorAll(LIVE)) {
    const next = page.getElementById(region.id);
    if (!next || region.querySelector("input[type=search]:focus, input[type=radio]:focus, audio[data-heard]")) continue;
    const fresh = document.importNode(next, true);
    keepPlaying(region, fresh);
    const open = [...region.querySelectorAll("[id] details[open]")].map((details) => details.closest("[id]").id);
    for (const id of open) fresh.querySelector(`#${CSS.escape(id)} details`)?.setAttribute("open", "");
    if (region.isEqualNode(fresh)) continue;
    const focused = region.contains(document.activeElement) ? pathTo(document.activeElement) : "";
    region.replaceWith(fresh);
    if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  }
  followNewJobs(page);
  document.dispatchEvent(new CustomEvent("region:shown"));
}

function keepPlaying(region, fresh) {
  const player = region.querySelector("[data-player]");
  if (player?.querySelector("audio").currentTime > 0) fresh.querySelector("[data-player]")?.replaceWith(player);
}

function pathTo(element) {
  const place = element.closest("[id]");
  return place && place !== element ? `#${CSS.escape(place.id)} ${element.localName}` : element.id ? `#${CSS.escape(element.id)}` : "";
}

/* The jobs that the page speaks of and this one does not know yet go into the tray. */
function followNewJobs(page) {
  const known = new Set([...document.querySelectorAll(".tray [data-job]")].map((job) => job.dataset.job));
  const lines = [...page.querySelectorAll(".tray-list > li")].filter((line) => !known.has(line.querySelector("[data-job]").dataset.job));
  document.querySelector(".tray-list")?.prepend(...lines.map((line) => document.importNode(line, true)));
}

/* ── Undo and its undo ── */

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-swap]");
  if (!form) return;
  event.preventDefault();
  send(form);
});

async function send(form) {
  if (form.dataset.sending) return;
  form.dataset.sending = "true";
  const place = form.closest("[id]")?.id;
  try {
    const page = await load(form.action, { method: "POST", body: new FormData(form) });
    const [message] = page.querySelectorAll("main > .banner[class*=is-]:not([hidden])");
    document.querySelectorAll("main > .banner.is-error, main > .banner.is-success").forEach((banner) => banner.remove());
    show(page);
    tell(message, place);
  } catch {
    delete form.dataset.sending;
    form.submit(); // the page itself says what is wrong
  }
}

/* What went well is a toast with the way back; what did not is said at the top, and stays. */
function tell(message, place) {
  if (!message) return;
  if (!message.classList.contains("is-success")) {
    document.getElementById("job-banner").after(document.importNode(message, true));
    document.querySelector("main > .banner.is-error")?.scrollIntoView({ block: "nearest" });
    return;
  }
  const form = place && document.querySelector(`#${CSS.escape(place)} form[data-swap]`);
  const words = form?.querySelector("button").firstElementChild.nextSibling?.textContent.trim();
  const button = form && place.startsWith("change-") ? () => send(document.querySelector(`#${CSS.escape(place)} form[data-swap]`)) : null;
  document.dispatchEvent(new CustomEvent("toast:show", { detail: { text: message.textContent.trim(), words, button } }));
}

/* ── Hearing a field's words where they stand ── */

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-hear]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  hear(link);
});

function hear(link) {
  for (const other of document.querySelectorAll("audio[data-heard]")) other.remove();
  const player = Object.assign(document.createElement("audio"), { controls: true, src: link.dataset.hear });
  player.dataset.heard = "true";
  link.closest(".source").after(player);
  player.addEventListener("loadedmetadata", () => {
    player.currentTime = Number(link.dataset.at);
    player.play().catch(() => {}); // the browser wants a click on the player itself
  }, { once: true });
}

/* On a telephone the tabs are wider than the window. */
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("change", (event) => event.target.matches(SUBMITS) && event.target.form.requestSubmit());
