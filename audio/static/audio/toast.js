/* A note that is done says so at the foot of the page, wherever its author is by then: "Client record “Jean Dupont” created". */

const STAY_MS = 8_000;
const AWAITED = "awaited-notes"; // sent from this tab: their end is told on whatever page it happens
const template = document.getElementById("note-toast");
const told = new Set();

document.addEventListener("note:sent", (event) => remember([...awaited(), event.detail.audio_record_id].slice(-50)));
document.addEventListener("job:done", (event) => {
  const { token, job: { kind, result } } = event.detail;
  if (kind === "audio.process" && result) tell(result.audio_record_id, token);
});
document.addEventListener("toast:show", (event) => show(event.detail));
for (const id of awaited()) tell(id); // those that ended between two pages

function awaited() { return JSON.parse(sessionStorage.getItem(AWAITED) ?? "[]"); }
function remember(ids) { sessionStorage.setItem(AWAITED, JSON.stringify(ids)); }

async function tell(id, token = "") {
  const note = await ask(id);
  if (note === undefined || note?.status === "pending" || note?.status === "processing") return; // its job line tells
  remember(awaited().filter((each) => each !== id));
  if (note?.status !== "done" || told.has(id)) return; // a failure stays in the tray, with its reason
  const line = token && document.querySelector(`.tray [data-job="${token}"] [data-part=message]`);
  if (line) line.textContent = note.message;
  told.add(id);
  show({ text: note.message, ...wayFrom(note) });
}

/* Null: it is gone. Undefined: nobody answers. */
async function ask(id) {
  try {
    const response = await fetch(template.dataset.status + id, { credentials: "same-origin", headers: { Accept: "application/json" } });
    return response.ok ? await response.json() : response.status === 404 ? null : undefined;
  } catch {
    return undefined;
  }
}

function wayFrom(note) {
  const { client, answer, see, open } = template.dataset;
  const page = `${template.dataset.note}${note.audio_record_id}/`;
  if (note.question) return { words: answer, href: `${page}#question` };
  return note.client ? { words: see, href: `${client}${note.client.id}/` } : { words: open, href: page };
}

/* `button` instead of a link: what it does is the opposite of what was just done. */
function show({ text, words, href, button }) {
  document.querySelector(".toast")?.remove();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.setAttribute("role", "status");
  document.body.append(toast); // a region is there before its words, or they are not read out
  const content = template.content.cloneNode(true);
  content.querySelector("span").textContent = text;
  const link = content.querySelector("a");
  if (button) link.replaceWith(asButton(link, words, button, toast));
  else if (href) Object.assign(link, { href, textContent: words });
  else link.remove();
  toast.append(content);
  leaveSoon(toast);
}

function asButton(link, words, act, toast) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: link.className, textContent: words });
  button.addEventListener("click", () => {
    toast.remove();
    act();
  });
  return button;
}

function leaveSoon(toast) {
  setTimeout(() => (toast.matches(":hover, :focus-within") || document.hidden ? leaveSoon(toast) : toast.remove()), STAY_MS);
}
