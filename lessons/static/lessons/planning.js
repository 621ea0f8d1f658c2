/* The planning, quicker: forms and lessons open in a dialog, a new lesson appears at once, keys and the teachers' legend work.
   Every region is rendered by the server: what is fetched is a page, of which a part is taken. */

const HIDDEN_TEACHERS = "hidden-teachers";
const TYPING = "input:not([type=checkbox]), select, textarea, [contenteditable]";

const dialog = document.getElementById("dialog");
const planning = document.getElementById("planning");

/* ── Pages as parts ── */

/* The server answered, but with another page than the one asked for: the log-in, or an error page with its sentences. */
class OtherPage extends Error {
  constructor(response, page) {
    super(`${response.url} answered ${response.status}`);
    this.status = response.status;
    this.isLogIn = page.querySelector("[type=password]") !== null;
    this.text = [...page.querySelectorAll("main h1, main h1 + p")].map((each) => each.textContent.trim()).join(". ");
  }
}

async function load(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.querySelector("[data-fragment], #planning")) throw new OtherPage(response, page);
  return { response, page };
}

function part(page, selector) {
  const found = page.querySelector(selector);
  return found && document.importNode(found, true);
}

/* ── Dialog ── */

async function openInDialog(link) {
  try {
    const { page } = await load(link.href);
    show(page);
  } catch {
    location.assign(link.href); // the page itself says what is wrong
  }
}

function show(page) {
  follow(page);
  const fragment = part(page, "[data-fragment]");
  if (!fragment) return;
  dialog.replaceChildren(...fragment.childNodes);
  if (!dialog.open) dialog.showModal();
  document.dispatchEvent(new CustomEvent("fragment:shown"));
  const first = ["[aria-invalid=true]", "input:not([type=hidden])", "[data-act=close]"].map((selector) => dialog.querySelector(selector));
  first.find(Boolean)?.focus();
}

async function send(form, submitter) {
  if (form.dataset.sending) return;
  form.dataset.sending = "true";
  submitter?.setAttribute("aria-disabled", "true");
  try {
    const { response, page } = await post(form, submitter);
    if (response.redirected && part(page, "#planning")) arrive(page, response.url);
    else show(page);
    if (response.redirected && !part(page, ".decide")) planning.querySelector(`.lesson[href="${new URL(response.url).pathname}"] .yours`)?.remove();
  } catch (error) {
    complain(form, error);
  } finally {
    delete form.dataset.sending;
    submitter?.removeAttribute("aria-disabled");
  }
}

/* Whoever logs in again in another tab gets a new token: the form that stood open here takes it over, and nothing typed is lost. */
async function post(form, submitter) {
  const send = () => load(form.action, { method: "POST", body: new FormData(form, submitter) });
  try {
    return await send();
  } catch (error) {
    if (error.status !== 403) throw error;
    const { page } = await load(location.href);
    form.elements.csrfmiddlewaretoken.value = page.querySelector("[name=csrfmiddlewaretoken]").value;
    return send();
  }
}

function complain(form, error) {
  dialog.querySelector(".body > .banner")?.remove();
  const banner = document.importNode(document.getElementById(error.isLogIn ? "session-ended" : "not-sent").content, true);
  if (error.text && !error.isLogIn) banner.querySelector("p").textContent = error.text;
  dialog.querySelector(".body").prepend(banner);
  dialog.querySelector(".body > .banner").scrollIntoView({ block: "nearest" });
}

/* The week with the new lesson, and its job in the tray. */
function arrive(page, url) {
  dialog.close();
  planning.replaceChildren(...part(page, "#planning").childNodes);
  follow(page);
  const address = new URL(url);
  const fresh = planning.querySelector("[data-fresh]");
  for (const name of ["cree", "fait"]) address.searchParams.delete(name);
  history.replaceState(null, "", address);
  settle();
  fresh?.focus({ preventScroll: true });
  if (fresh) fresh.scrollIntoView({ block: isHidden(fresh) ? "center" : "nearest" });
}

/* The jobs that a page speaks of and this one does not know yet go into the tray. */
function follow(page) {
  const known = new Set([...document.querySelectorAll(".tray [data-job]")].map((job) => job.dataset.job));
  const lines = [...page.querySelectorAll(".tray-list > li")].filter((line) => !known.has(line.querySelector("[data-job]").dataset.job));
  document.querySelector(".tray-list")?.prepend(...lines.map((line) => document.importNode(line, true)));
}

/* Out of the window, or under what floats at its foot. */
function isHidden(element) {
  const { left, top, bottom, width } = element.getBoundingClientRect();
  const visible = document.elementFromPoint(left + width / 2, (top + bottom) / 2);
  return !element.contains(visible);
}

document.addEventListener("click", (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-dialog]") ?? slotLink(event.target);
  if (link && dialog) {
    event.preventDefault();
    openInDialog(link);
  } else if (event.target.closest("[data-act=close]") && dialog?.contains(event.target)) {
    event.preventDefault();
    dialog.close();
  }
});

function slotLink(target) {
  return target.matches(".slot") ? target.querySelector(".add") : null;
}

dialog?.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target, event.submitter);
});

/* ── Keys ── */

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog?.open || event.target.closest(TYPING)) return;
  if (event.target.matches(".add") && moveInGrid(event.target, event.key)) event.preventDefault();
  else planning?.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});

/* One tab stop for the whole grid; the arrows move within it. */
function moveInGrid(add, key) {
  const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  if (!step) return false;
  const columns = [...planning.querySelectorAll(".day")].map((day) => [...day.querySelectorAll(".add")]);
  const column = columns.findIndex((adds) => adds.includes(add));
  const row = columns[column].indexOf(add);
  focusOnly(columns[column + step[0]]?.[row + step[1]] ?? add);
  return true;
}

function focusOnly(add) {
  planning.querySelector(".add[tabindex='0']")?.setAttribute("tabindex", "-1");
  add.setAttribute("tabindex", "0");
  add.focus();
}

/* ── Teachers' legend ── */

function hiddenTeachers() { return JSON.parse(sessionStorage.getItem(HIDDEN_TEACHERS) ?? "[]"); }

function filterTeachers() {
  const hidden = new Set(hiddenTeachers());
  for (const box of planning.querySelectorAll(".legend input")) box.checked = !hidden.has(box.value);
  for (const lesson of planning.querySelectorAll(".lesson")) lesson.hidden = hidden.has(lesson.dataset.teacher);
}

planning?.addEventListener("change", (event) => {
  const box = event.target.closest(".legend input");
  if (!box) return;
  const others = hiddenTeachers().filter((teacher) => teacher !== box.value);
  sessionStorage.setItem(HIDDEN_TEACHERS, JSON.stringify(box.checked ? others : [...others, box.value]));
  filterTeachers();
});

planning?.addEventListener("change", (event) => event.target.closest(".filters select")?.form.requestSubmit());
planning?.addEventListener("click", (event) => event.target.closest("[data-act=print]") && print());

/* ── What happened, once the job has ended ── */

document.addEventListener("job:done", async (event) => {
  const card = event.target.closest("a.lesson");
  if (!card) return;
  const { page } = await load(card.href).catch(() => ({}));
  const told = page && part(page, "[data-told]");
  const line = document.querySelector(`.tray [data-job="${event.detail.token}"]`)?.closest("li");
  if (told && line) line.querySelector("[data-told]").replaceChildren(...told.childNodes);
});

/* ── A lesson that moving.js put down in another slot: the form that a click on “Change” opens, filled in and sent ── */

document.addEventListener("lesson:dropped", async (event) => {
  const { card, day, hour } = event.detail;
  const minutes = card.querySelector("time").textContent.trim().split(":")[1];
  try {
    const { page } = await load(`${card.href}change?${new URLSearchParams({ day, start: `${hour.padStart(2, "0")}:${minutes}` })}`);
    show(page);
    const form = dialog.querySelector("#lesson-form");
    if (form.elements.scope instanceof RadioNodeList) return; // of a series: which lessons are meant?
    await send(form, null);
  } catch {
    location.assign(card.href); // the page itself says what is wrong
  }
});

/* ── Undo, while it is possible ── */

function watchUndo() {
  const toast = planning.querySelector(".toast[data-until]");
  if (toast) setTimeout(() => toast.remove(), Math.max(0, new Date(toast.dataset.until) - Date.now()));
}

function settle() {
  filterTeachers();
  watchUndo();
  planning.querySelector("[data-act=print]").hidden = false;
  const adds = [...planning.querySelectorAll(".add")];
  for (const add of adds) add.setAttribute("tabindex", "-1");
  (planning.querySelector(".slot.now .add") ?? adds[0])?.setAttribute("tabindex", "0");
}

if (planning) settle();
