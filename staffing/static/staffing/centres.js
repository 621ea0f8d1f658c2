/* The centres that a search finds while it is typed, and how many are chosen. The server finds and draws them, as it does without this. */

const TYPING_MS = 200;

const form = document.querySelector("form[data-choice]");
const go = form.querySelector("[data-go]");
const number = new Intl.NumberFormat(document.documentElement.lang);
const plural = new Intl.PluralRules(document.documentElement.lang);
let typing = 0;
let asked = 0; // a newer question, or a tick meanwhile, makes an answer old
let underWay = 0;

form.elements.q.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(refresh, TYPING_MS);
});
form.elements.only.addEventListener("change", () => refresh());
form.addEventListener("change", ({ target }) => {
  if (target.name !== "centres") return;
  asked++;
  count();
});
form.addEventListener("submit", (event) => {
  if (event.submitter === go) return;
  event.preventDefault();
  refresh(event.submitter);
});
/* Return would press the first button, which searches; in an assumption it means the calculation. */
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.closest(".with-unit")) return;
  event.preventDefault();
  form.requestSubmit(go);
});

async function refresh(button) {
  clearTimeout(typing);
  typing = 0;
  const question = ++asked;
  if (button?.name === "only") form.elements.only.value = button.value;
  underWay++;
  const page = await ask(new FormData(form, button?.name === "change" ? button : null));
  underWay--;
  if (page && question === asked) show(page);
  else if (page && !typing && !underWay) refresh();
}

async function ask(body) {
  try {
    const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    if (response.ok && !response.redirected) return new DOMParser().parseFromString(await response.text(), "text/html");
    location.reload(); // logged out, or no longer a manager: that page says so
  } catch {
    // the connection is lost: what is ticked stays ticked, and the next word or click asks again
  }
  return null;
}

function show(page) {
  const focused = document.activeElement;
  const { name, value } = focused;
  const list = document.getElementById("found");
  const inside = list.contains(focused);
  list.replaceWith(document.importNode(page.getElementById("found"), true));
  if (inside) form.querySelector(`#found [name="${name}"][value="${value}"]`)?.focus();
  count();
}

function count() {
  const list = document.getElementById("found");
  const chosen = Number(list.dataset.hidden) + list.querySelectorAll("input:checked").length;
  if (chosen) document.getElementById("id_centres_error")?.remove();
  const words = form.querySelector("[data-chosen]");
  words.textContent = (plural.select(chosen) === "one" ? words.dataset.one : words.dataset.many).replace("%s", number.format(chosen));
  for (const group of list.querySelectorAll(".group:has(input)")) {
    const { found } = group.dataset;
    if (group.querySelectorAll("input").length === Number(found)) group.querySelector("[data-of]").textContent = `${group.querySelectorAll("input:checked").length} / ${found}`;
  }
}

/* Somebody may have typed or ticked before this was here. */
if (form.elements.q.value !== form.elements.q.defaultValue) refresh();
else count();
