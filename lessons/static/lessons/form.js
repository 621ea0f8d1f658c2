/* The form of a lesson, quicker: clients as chips with a search, the dates of a series before they are made, ways out as buttons.
   Without this file it is a plain form with the same fields. */

const MOST_OPTIONS = 8;
const PAUSE_MS = 250; // after the last key, before the dates are asked for

function enhance() {
  const form = document.getElementById("lesson-form");
  if (!form || form.dataset.enhanced) return;
  form.dataset.enhanced = "true";
  if (form.querySelector("[data-clients]")) {
    new Chips(form.querySelector("[data-clients]"), form.elements.capacity);
  }
  if (form.elements.weekly) {
    followRepetition(form);
    followDates(form);
  }
  for (const button of form.querySelectorAll("[name=fix]")) button.addEventListener("click", (event) => takeFix(event, form));
}

/* ── Clients ── */

class Chips {
  constructor(box, capacity) {
    this.box = box;
    this.texts = box.dataset;
    this.select = box.querySelector("select");
    this.capacity = capacity;
    this.build();
    this.draw();
  }

  build() {
    const { select } = this;
    this.input = make("input", { className: "input", type: "text", id: `${select.id}_search`, placeholder: this.texts.add, autocomplete: "off" });
    this.list = make("ul", { className: "options", id: `${select.id}_options`, hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.texts.add);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": this.list.id })) this.input.setAttribute(name, value);
    this.chips = make("div", { className: "chips" });
    this.chips.append(this.input);
    const combo = make("div", { className: "combo" });
    combo.append(this.chips, this.list);
    this.warning = make("p", { className: "hint" });
    this.warning.setAttribute("aria-live", "polite");
    this.hint = make("p", { className: "hint" });
    this.capacity.after(this.hint);
    select.hidden = true;
    select.after(combo, this.warning);
    this.box.querySelector("label").htmlFor = this.input.id;
    this.listen();
  }

  listen() {
    this.input.addEventListener("input", () => (this.input.value ? this.open() : this.close()));
    this.input.addEventListener("click", () => this.open());
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.capacity.addEventListener("input", () => this.drawHints());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the search keeps the focus
      const item = event.target.closest("[role=option]");
      if (item) this.choose(item);
    });
    this.chips.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      this.set(button.value, false);
      this.input.focus();
    });
  }

  key(event) {
    const active = this.list.querySelector("[aria-selected=true]");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.open();
      else this.activate(event.key === "ArrowDown" ? active?.nextElementSibling : active?.previousElementSibling);
    } else if (event.key === "Enter") {
      event.preventDefault(); // the form is sent by its button
      if (!this.list.hidden && active) this.choose(active);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Backspace" && !this.input.value && this.chosen.length) {
      this.set(this.chosen.at(-1).value, false);
    }
  }

  get chosen() { return [...this.select.selectedOptions]; }

  open() {
    const wanted = plain(this.input.value);
    const found = [...this.select.options].filter((option) => !option.selected && plain(option.dataset.name).includes(wanted));
    this.list.replaceChildren(...found.slice(0, MOST_OPTIONS).map((option) => this.optionItem(option)));
    if (!found.length) this.list.append(make("li", { className: "quiet", textContent: this.texts.empty }));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.list.scrollIntoView({ block: "nearest" });
    this.activate(this.list.querySelector("[role=option]"));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  optionItem(option) {
    const item = make("li", { id: `${this.list.id}_${option.value}` });
    item.setAttribute("role", "option");
    item.dataset.value = option.value;
    item.classList.toggle("todo", option.dataset.left === "0");
    item.append(make("span", { textContent: option.dataset.name }), make("small", { textContent: option.dataset.left }));
    if (option.dataset.left) item.lastChild.textContent = option.text.slice(option.dataset.name.length).replace(/^, /, "");
    return item;
  }

  activate(item) {
    if (!item) return;
    for (const each of this.list.children) each.removeAttribute("aria-selected");
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item.id);
  }

  choose(item) {
    this.input.value = "";
    this.set(item.dataset.value, true);
    this.close();
  }

  set(value, selected) {
    [...this.select.options].find((option) => option.value === value).selected = selected;
    this.draw();
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  draw() {
    for (const chip of this.chips.querySelectorAll(".chip")) chip.remove();
    this.input.before(...this.chosen.map((option) => this.chip(option)));
    this.input.placeholder = this.texts.add;
    this.drawHints();
  }

  chip(option) {
    const none = option.dataset.left === "0";
    const chip = make("span", { className: none ? "chip todo" : "chip" });
    const remove = make("button", { type: "button", value: option.value });
    remove.setAttribute("aria-label", this.texts.remove.replace("%s", option.dataset.name));
    remove.append(icon("x"));
    chip.append(...(none ? [icon("unsure")] : []), none ? this.texts.none.replace("%s", option.dataset.name) : option.dataset.name, remove);
    return chip;
  }

  /* Where more people are chosen than there are places, and they may wait. */
  inLine(people) {
    const { waitingOne, waiting } = this.texts;
    return waiting && people > 0 ? count(Math.min(people, this.chosen.length), waitingOne, waiting) : "";
  }

  drawHints() {
    const broke = this.chosen.filter((option) => option.dataset.left === "0").map((option) => this.texts.warning.replace("%s", option.dataset.name));
    this.warning.textContent = broke.join(" ");
    const [enrolled, free] = [this.chosen.length, Number(this.capacity.value) - this.chosen.length];
    const { enrolledOne, enrolled: enrolledMany, freeOne, free: freeMany } = this.texts;
    this.hint.textContent = enrolled && free >= 0 ? `${count(enrolled, enrolledOne, enrolledMany)}, ${count(free, freeOne, freeMany)}` : this.inLine(-free);
  }
}

/* ── Repetition and its dates ── */

function followRepetition(form) {
  const { weekly, until, day } = form.elements;
  const words = form.querySelector("[data-weekly]");
  const refresh = () => {
    until.closest(".field").hidden = !weekly.checked;
    if (day.valueAsDate) words.textContent = words.dataset.weekly.replace("%s", say(day.value, { weekday: "long" }));
  };
  weekly.addEventListener("change", refresh);
  day.addEventListener("change", refresh);
  refresh();
}

function followDates(form) {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => preview(form), PAUSE_MS);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  later();
}

let latest = 0;
const decided = new Map(); // what the person ticked and unticked, by date, whatever is asked anew

document.addEventListener("change", (event) => {
  if (event.target.name === "dates") decided.set(event.target.value, event.target.checked);
});

async function preview(form) {
  const note = form.querySelector("#preview");
  const { weekly, until, day, start, teacher } = form.elements;
  const complete = day.value && start.value && teacher.value && (until.value || !weekly.checked);
  const turn = ++latest;
  const dates = complete ? await askDates(form) : null;
  if (turn !== latest) return; // an older answer must not overwrite a newer one
  const inHand = document.activeElement?.name === "dates" ? document.activeElement.value : null;
  note.replaceChildren(...(dates?.length ? datesInWords(note.dataset, dates, weekly.checked) : []));
  if (inHand) note.querySelector(`[name=dates][value="${inHand}"]`)?.focus();
  note.hidden = !note.hasChildNodes();
}

async function askDates(form) {
  const { weekly, until, day, start, teacher, place, duration_minutes: minutes } = form.elements;
  const query = new URLSearchParams({ teacher: teacher.value, place: place.value, starts_at: `${day.value}T${start.value}`, duration_minutes: minutes.value });
  if (weekly.checked) query.set("repeat.until", until.value);
  try {
    const response = await fetch(`${form.dataset.preview}?${query}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return response.ok ? (await response.json()).results : null;
  } catch {
    return null; // a help less; creating the lesson says what is wrong
  }
}

/* The first date is the person's own choice: in conflict it is refused, on a closed day only told. The others are skipped. */
function datesInWords(texts, [first, ...others], weekly) {
  if (!first.ok) return [make("p", { className: "err", textContent: sentence(first.reason) })];
  const lines = first.reason ? [make("p", { textContent: `${say(first.date)}, ${first.reason}` })] : [];
  if (!weekly) return lines;
  const wanted = (each) => (each.switchable ? decided.get(each.date) ?? each.ok : each.ok);
  const skipped = others.filter((each) => !wanted(each));
  const line = make("p");
  line.append(make("b", { textContent: count(1 + others.length - skipped.length, texts.one, texts.many) }));
  if (skipped.length) line.append(` ${count(skipped.length, texts.skippedOne, texts.skipped)}`);
  const list = make("ul");
  list.append(...skipped.map((each) => make("li", { textContent: [say(each.date), each.reason].filter(Boolean).join(", ") })));
  return [...lines, line, list, choiceOf(others, wanted, texts)];
}

/* Each date with its box; one that somebody else has taken cannot be ticked. */
function choiceOf(dates, wanted, texts) {
  const choice = make("details", { className: "dates", open: document.querySelector("details.dates")?.open ?? false });
  choice.append(make("summary", { textContent: texts.choose }));
  for (const each of dates) {
    const box = make("input", { type: "checkbox", name: "dates", value: each.date, checked: wanted(each), disabled: !each.switchable });
    const label = make("label", { className: "check" });
    label.append(box, make("span", { textContent: [say(each.date), each.reason].filter(Boolean).join(", ") }));
    choice.append(label, ...(each.switchable ? [make("input", { type: "hidden", name: "offered", value: each.date })] : []));
  }
  return choice;
}

/* ── Ways out ── */

function takeFix(event, form) {
  event.preventDefault();
  const [name, ...rest] = event.currentTarget.value.split(":");
  const field = form.elements[name];
  field.value = rest.join(":");
  const box = event.currentTarget.closest(".field");
  for (const gone of box.querySelectorAll(".err, .fixes")) gone.remove();
  for (const wrong of box.querySelectorAll("[aria-invalid]")) wrong.removeAttribute("aria-invalid");
  const status = form.closest("[data-fragment], dialog").querySelector("footer p");
  status.textContent = "";
  field.dispatchEvent(new Event("change", { bubbles: true }));
  form.closest("[data-fragment], dialog").querySelector(".btn.primary").focus();
}

/* ── Small parts ── */

function make(tag, properties = {}) { return Object.assign(document.createElement(tag), properties); }
function plain(text) { return (text ?? "").normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase().trim(); }
function sentence(words) { return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`; }
function count(number, one, many) { return number === 1 ? one : many.replace("%s", number); }

function icon(name) {
  const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("class", "i i-s");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function say(day, format = { weekday: "long", day: "numeric", month: "long" }) {
  const date = new Date(`${day}T12:00:00`);
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat(document.documentElement.lang, format.day ? { ...format, ...year } : format).format(date);
}

document.addEventListener("fragment:shown", enhance);
enhance();
