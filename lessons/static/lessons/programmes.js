/* Programmes, quicker: lines that move in place, clients found while typing, marks kept by a key. Without this file the same
   forms do the same, a page at a time. */

const STATUSES = ["todo", "started", "acquired"];

/* ── The list of skills ── */

class Lines {
  constructor(form) {
    this.form = form;
    this.list = form.querySelector("[data-skills]");
    this.voice = form.querySelector("#skills-voice");
    this.blank = form.querySelector("#skill-line");
    form.addEventListener("click", (event) => this.click(event));
    form.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("paste", (event) => this.paste(event));
    this.list.addEventListener("pointerdown", (event) => this.drag(event));
    this.list.addEventListener("input", () => this.name());
  }

  click(event) {
    const button = event.target.closest("[data-act], [data-add]");
    if (!button) return;
    event.preventDefault();
    const line = button.closest("li");
    if (!line) this.add(this.list.lastElementChild);
    else if (button.dataset.act === "remove") this.remove(line);
    else if (this.move(line, button.dataset.act)) button.focus();
  }

  key(event) {
    const line = event.target.closest("[data-skills] li");
    if (!line) return;
    if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
      event.preventDefault();
      const { target } = event;
      if (this.move(line, event.key === "ArrowUp" ? "up" : "down")) target.focus();
    } else if (event.key === "Enter" && event.target.name === "skill_name") {
      event.preventDefault(); // the form is sent by its button
      this.add(line);
    }
  }

  add(after, text = "") {
    const line = this.blank.content.firstElementChild.cloneNode(true);
    if (after) after.after(line);
    else this.list.append(line);
    input(line).value = text;
    this.name();
    input(line).focus();
    return line;
  }

  remove(line) {
    const near = line.nextElementSibling ?? line.previousElementSibling;
    line.remove();
    if (near) input(near).focus();
    else this.add(null);
    this.name();
  }

  move(line, way) {
    const other = way === "up" ? line.previousElementSibling : line.nextElementSibling;
    if (!other) return false;
    if (way === "up") other.before(line);
    else other.after(line);
    this.name();
    this.tell(line);
    return true;
  }

  tell(line) {
    const { moved } = this.list.dataset;
    const place = [...this.list.children].indexOf(line) + 1;
    this.voice.textContent = moved.replace("%s", this.nameOf(line)).replace("%n", place).replace("%t", this.list.children.length);
  }

  nameOf(line) { return input(line).value.trim() || this.list.dataset.new; }

  /* Labels and values say what the buttons do now. */
  name() {
    const texts = this.list.dataset;
    [...this.list.children].forEach((line, place) => {
      input(line).setAttribute("aria-label", texts.line.replace("%n", place + 1));
      for (const button of line.querySelectorAll("[data-act]")) {
        button.value = `${place}:${button.dataset.act}`;
        button.setAttribute("aria-label", texts[button.dataset.act].replace("%s", this.nameOf(line)));
      }
    });
  }

  /* A list from elsewhere becomes as many lines. */
  paste(event) {
    const texts = event.clipboardData.getData("text").split(/\r?\n/).map((text) => text.trim()).filter(Boolean);
    if (texts.length < 2) return;
    event.preventDefault();
    let line = event.target.closest("li");
    if (!input(line).value.trim()) input(line).value = texts.shift();
    for (const text of texts) line = this.add(line, text);
    this.name();
  }

  drag(event) {
    const line = event.target.closest(".grip")?.closest("li");
    if (!line) return;
    event.preventDefault();
    line.setPointerCapture(event.pointerId);
    line.classList.add("moving");
    /* The others step aside: a line that left the document for a moment would let go of the pointer. */
    const follow = ({ clientY }) => {
      while (line.previousElementSibling && clientY < bottomOf(line.previousElementSibling)) line.after(line.previousElementSibling);
      while (line.nextElementSibling && clientY > topOf(line.nextElementSibling)) line.before(line.nextElementSibling);
    };
    const end = () => {
      line.classList.remove("moving");
      line.removeEventListener("pointermove", follow);
      this.name();
      this.tell(line);
    };
    line.addEventListener("pointermove", follow);
    line.addEventListener("lostpointercapture", end, { once: true });
  }
}

function input(line) { return line.querySelector("[name=skill_name]"); }
function topOf(element) { return element.getBoundingClientRect().top; }
function bottomOf(element) { return element.getBoundingClientRect().bottom; }

/* ── Choosing clients ── */

class Chooser {
  constructor(form) {
    this.form = form;
    this.items = [...form.querySelectorAll(".choosing li")];
    this.find = form.querySelector("#find");
    this.count = document.querySelector("[data-chosen]");
    this.hint = this.count.textContent;
    form.querySelector("[data-search]").hidden = false;
    this.find.addEventListener("input", () => this.filter());
    this.find.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    form.querySelector("[data-all]").addEventListener("click", () => this.all());
    form.addEventListener("change", () => this.say());
    this.say();
  }

  filter() {
    const words = plain(this.find.value).split(/\s+/);
    for (const item of this.items) item.hidden = !words.every((word) => plain(item.textContent).includes(word));
    this.form.querySelector("[data-nobody]").hidden = this.items.some((item) => !item.hidden);
  }

  /* All that are shown; once more: none of them. */
  all() {
    const boxes = this.items.filter((item) => !item.hidden).map((item) => item.querySelector("input"));
    const checked = !boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = checked;
    this.say();
  }

  say() {
    const number = this.form.querySelectorAll("[name=clients]:checked").length;
    const { none, one, many } = this.form.dataset;
    const words = number === 0 ? none : number === 1 ? one : many.replace("%s", number);
    this.count.textContent = `${words}. ${this.hint}`;
  }
}

function plain(text) { return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase().trim(); }

/* ── Marks: shown at once, kept by the server, one request at a time for each cell ── */

class Mark {
  constructor(pk, status, show) {
    this.pk = pk;
    this.kept = this.wanted = status;
    this.show = show;
  }

  set(status) {
    this.wanted = status;
    this.show(status);
    if (!this.sending) this.send();
  }

  async send() {
    this.sending = true;
    while (this.wanted !== this.kept) {
      const status = this.wanted;
      const { ok, problem, now } = await keep(this.pk, status, this.kept);
      if (ok) this.kept = status;
      else {
        this.kept = this.wanted = now ?? this.kept;
        this.show(this.kept);
        complain(problem);
      }
    }
    this.sending = false;
  }
}

async function keep(pk, status, was) {
  const lost = document.querySelector("[data-lost]").dataset.lost;
  try {
    const response = await api(pk, { method: "PATCH", body: JSON.stringify({ status, was }) });
    if (response.ok) return { ok: true };
    const body = await response.json();
    const now = response.status === 409 ? (await (await api(pk)).json()).status : undefined;
    return { ok: false, problem: [body.status, body.detail].flat().find(Boolean) ?? lost, now };
  } catch {
    return { ok: false, problem: lost };
  }
}

function api(pk, options = {}) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token };
  return fetch(`/api/realisations/${pk}/`, { credentials: "same-origin", headers, ...options });
}

function complain(problem) {
  document.querySelector(".page > .banner.is-error")?.remove();
  const banner = document.importNode(document.getElementById("mark-problem").content, true);
  document.querySelector(".page").prepend(banner); // an alert that is there before its words is read out
  document.querySelector(".page > .banner.is-error p").textContent = problem;
}

function say(text) { document.getElementById("mark-voice").textContent = text; }

/* ── The grid: one stop of the tab key, arrows within ── */

class Grid {
  constructor(table) {
    this.table = table;
    this.texts = table.dataset;
    this.marks = new Map();
    table.setAttribute("role", "grid");
    for (const button of table.querySelectorAll("button")) button.tabIndex = -1;
    const first = table.querySelector("td.shown button") ?? table.querySelector("button");
    if (first) first.tabIndex = 0;
    table.addEventListener("click", (event) => this.click(event));
    table.addEventListener("keydown", (event) => this.key(event));
    table.addEventListener("focusin", (event) => this.hold(event.target));
  }

  click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    this.hold(button);
    this.set(button, STATUSES[(STATUSES.indexOf(button.className) + 1) % STATUSES.length]);
  }

  key(event) {
    const button = event.target.closest("td button");
    if (!button || event.altKey || event.metaKey) return;
    if (STATUSES[event.key - 1]) this.set(button, STATUSES[event.key - 1]);
    else if (!this.go(button, event)) return;
    event.preventDefault();
  }

  go(button, { key, ctrlKey }) {
    const cell = button.closest("td");
    const row = cell.parentElement;
    const rows = [...this.table.tBodies[0].rows];
    const steps = {
      ArrowLeft: () => beside(cell, "previousElementSibling"),
      ArrowRight: () => beside(cell, "nextElementSibling"),
      ArrowUp: () => below(row, cell, "previousElementSibling"),
      ArrowDown: () => below(row, cell, "nextElementSibling"),
      Home: () => (ctrlKey ? rows[0] : row).querySelector("button"),
      End: () => [...(ctrlKey ? rows.at(-1) : row).querySelectorAll("button")].at(-1),
    };
    if (!steps[key]) return false;
    steps[key]()?.focus();
    return true;
  }

  hold(button) {
    if (!button.matches("td button")) return;
    for (const held of this.table.querySelectorAll("button[tabindex='0']")) held.tabIndex = -1;
    button.tabIndex = 0;
  }

  set(button, status) {
    const [pk] = button.value.split(":");
    if (!this.marks.has(pk)) this.marks.set(pk, new Mark(pk, button.className, (now) => this.show(button, now)));
    this.marks.get(pk).set(status);
    say(this.texts[status]);
  }

  show(button, status) {
    button.className = status;
    button.value = `${button.value.split(":")[0]}:${STATUSES[(STATUSES.indexOf(status) + 1) % STATUSES.length]}:${status}`;
    button.querySelector("span").textContent = this.texts[status];
    const row = button.closest("tr");
    row.querySelector("[data-acquired-count]").textContent = row.querySelectorAll("button.acquired").length;
  }
}

function beside(cell, way) {
  let next = cell[way];
  while (next && !next.querySelector("button")) next = next[way];
  return next?.querySelector("button");
}

function below(row, cell, way) {
  let next = row[way];
  while (next && !next.cells[cell.cellIndex].querySelector("button")) next = next[way];
  return next?.cells[cell.cellIndex].querySelector("button");
}

/* ── One client ── */

function followClient(form) {
  form.querySelector("[data-save]").hidden = true; // each mark is kept as it is made
  for (const row of form.querySelectorAll("[data-realisation]")) {
    const kept = row.querySelector(":checked").value;
    const show = (status) => {
      row.querySelector(`[value=${status}]`).checked = true;
      document.querySelector("[data-acquired-count]").textContent = form.querySelectorAll("[value=acquired]:checked").length;
    };
    const mark = new Mark(row.dataset.realisation, kept, show);
    row.addEventListener("change", (event) => mark.set(event.target.value));
  }
}

/* ── What is on this page ── */

for (const form of document.querySelectorAll("[data-skills-form]")) new Lines(form);
for (const form of document.querySelectorAll("[data-chooser]")) new Chooser(form);
for (const table of document.querySelectorAll("[data-grid]")) new Grid(table);
for (const form of document.querySelectorAll("[data-marks]")) followClient(form);
for (const form of document.querySelectorAll("[data-one-skill]")) form.addEventListener("change", () => form.submit());
for (const line of document.querySelectorAll("[data-reload]")) {
  line.addEventListener("job:ended", ({ detail }) => { if (["done", "cancelled"].includes(detail.job.status)) location.reload(); });
}
