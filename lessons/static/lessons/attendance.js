/* The roll of a lesson, quicker: a mark shows at once and its line stays in hand, by finger or by key.
   Without this file each button sends its form and the page comes back. */

/* ── Marks ── */

/* Before the dialog of the planning takes the form: it would show the whole lesson anew. */
document.addEventListener("submit", (event) => {
  if (event.target.id !== "roll-form") return;
  event.preventDefault();
  event.stopPropagation();
  decide(event.target, event.submitter);
}, { capture: true });

async function decide(form, button) {
  if (form.dataset.sending) return;
  form.dataset.sending = "true";
  const [roll, was] = [form.closest("[data-roll]"), button.getAttribute("aria-pressed")];
  if (was) press(button, was !== "true");
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form, button), credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    show(roll, page.querySelector("[data-roll]"), button.dataset.focus);
  } catch {
    if (was) button.setAttribute("aria-pressed", was);
    complain(roll);
    delete form.dataset.sending;
  }
}

/* One mark at a time. */
function press(button, pressed) {
  for (const other of button.parentElement.querySelectorAll("[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(pressed));
}

function show(roll, found, inHand) {
  const fresh = document.importNode(found, true);
  const details = fresh.querySelector("details.gone");
  if (details) details.open = roll.querySelector("details.gone")?.open ?? false;
  roll.replaceWith(fresh);
  (fresh.querySelector(`[data-focus="${inHand}"]`) ?? fresh.querySelector("#enrolled")).focus();
  settle(fresh);
}

/* Its card on the planning counts with it. */
function settle(roll) {
  const count = document.querySelector(`#lesson-${roll.dataset.lesson} [data-count]`);
  if (count) count.textContent = roll.dataset.count;
  watchUndo(roll);
}

function complain(roll) {
  roll.querySelector(".banner")?.remove();
  const banner = document.createElement("div");
  banner.className = "banner is-error";
  banner.setAttribute("role", "alert");
  banner.append(Object.assign(document.createElement("p"), { textContent: roll.dataset.lost }));
  roll.prepend(banner);
}

function watchUndo(roll) {
  const toast = roll.querySelector(".toast[data-until]");
  if (toast) setTimeout(() => toast.remove(), Math.max(0, new Date(toast.dataset.until) - Date.now()));
}

/* ── Keys ── */

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const line = event.target.closest?.("[data-line]");
  if (line && useKey(line, event.key)) event.preventDefault();
});

function useKey(line, key) {
  const kind = { p: "attended", a: "no_show" }[key];
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[key];
  const button = kind ? line.querySelector(`[data-focus$=":${kind}"]`) : step && line[step]?.querySelector("button");
  if (kind) button?.click();
  else button?.focus();
  return Boolean(button);
}

/* ── Print ── */

for (const button of document.querySelectorAll(".attendance [data-act=print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

function settleAll() {
  for (const roll of document.querySelectorAll("[data-roll]")) settle(roll);
}

document.addEventListener("fragment:shown", settleAll);
settleAll();
