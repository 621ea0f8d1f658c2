/* The only poller. `data-job="<token>"` on an element is enough to follow a job: see it begin, advance, end or fail, and try it again.

   An element with parts of its own (`data-part="icon|label|message|time|bar|steps|act"`) has them kept up to date; an empty one gets the
   whole line from <template id="job-line">. Several elements with one token share one poll. Elements that come or go later are noticed.
   Events, on each element and bubbling, with `detail: {token, job}`: `job:update` after each answer, `job:done`, `job:ended` (any end).

   `data-batch="<token>"` follows a batch of jobs likewise, with its events `batch:update` and `batch:ended`. Its parts: `icon`, `label`
   (the words of `data-one` or `data-many`), `message` (`data-left`, at the end `data-over`), `time`, `multi` (an SVG whose <rect data-state>
   are as long as their count) and `key` (elements with `data-state` that say their count). `data-unsure` on the element: how many of the
   failed a person has to judge. */

const ICONS = { pending: "wait", running: "run", done: "check", error: "error", cancelled: "x", unknown: "info" };
const FINAL = new Set(["done", "error", "cancelled", "unknown"]);
const TIMEOUT_MS = 15_000;
const BACKOFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

const texts = document.getElementById("job-texts")?.dataset ?? {};
const plural = new Intl.PluralRules(document.documentElement.lang || "en");
const follows = new Map(); // address → Follow
let clockSkew = 0; // the server's clock minus ours
let ticking = 0;

class Follow {
  kind = "job";
  render = render;

  constructor(token) {
    this.token = token;
    this.elements = new Set();
    this.job = null;
    this.failures = 0;
    this.timer = 0;
    this.asking = false;
  }

  get url() { return `/api/jobs/${this.token}/`; }

  get ended() { return this.job !== null && FINAL.has(this.job.status); }

  add(element) {
    if (this.elements.has(element)) return;
    this.elements.add(element);
    dress(element);
    if (this.job) this.render(element, this.job);
  }

  poll() {
    clearTimeout(this.timer);
    if (this.ended || this.asking || document.hidden || this.elements.size === 0) return;
    this.asking = true;
    ask(this.url).then((answer) => this.hear(answer), () => this.lose()).finally(() => { this.asking = false; });
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => this.poll(), milliseconds);
  }

  hear({ status, body, retryAfter }) {
    if (status === 401 || status === 403) return showBanner(texts.expired, "is-unsure");
    if (!body || (status >= 400 && status !== 404)) return this.lose(status, retryAfter);
    this.failures = 0;
    hideBannerIfAllWell();
    this.show(body);
    if (!this.ended) this.later(body.poll_after_ms || retryAfter || 1_000);
  }

  lose(status = 0, retryAfter = 0) {
    this.failures += 1;
    const wait = BACKOFF_MS[Math.min(this.failures, BACKOFF_MS.length) - 1] * (0.8 + 0.4 * Math.random());
    if (status !== 429 && (this.failures > 1 || !navigator.onLine)) showBanner(texts.lost, "is-running");
    this.later(Math.max(wait, retryAfter));
  }

  show(job) {
    const before = this.job;
    this.job = before ? neverBack(before, job) : job;
    for (const element of this.elements) {
      this.render(element, this.job);
      emit(element, "update", this);
    }
    if (before && !FINAL.has(before.status)) announce(before, this.job, this.label);
    if (this.ended && !(before && FINAL.has(before.status))) this.end();
  }

  end() {
    for (const element of this.elements) {
      if (this.job.status === "done") emit(element, "done", this);
      emit(element, "ended", this);
    }
  }

  get label() {
    for (const element of this.elements) {
      const label = element.dataset.label || part(element, "label")?.textContent.trim();
      if (label) return label;
    }
    return "";
  }

  async retry() {
    try {
      const answer = await ask(`${this.url}retry/`, "POST");
      if (answer.status === 200) {
        this.job = null; // attempts start anew, and so do the bars
        for (const element of this.elements) part(element, "steps")?.replaceChildren();
        this.show(answer.body);
      }
    } catch {
      showBanner(texts.lost, "is-running");
    }
    const job = this.job;
    if (job && FINAL.has(job.status)) this.job = null; // somebody else was quicker: look again
    this.poll();
  }
}

class BatchFollow extends Follow {
  kind = "batch";
  render = renderBatch;

  get url() { return `/api/batches/${this.token}/`; }
}

async function ask(url, method = "GET") {
  const headers = { Accept: "application/json" };
  if (method === "POST") headers["X-CSRFToken"] = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const response = await fetch(url, { method, headers, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (date) clockSkew = Math.abs(date - Date.now()) > 2_000 ? date - Date.now() : 0; // the header knows whole seconds only
  const json = response.headers.get("Content-Type")?.includes("json");
  return { status: response.status, body: json ? await response.json() : null, retryAfter: 1_000 * Number(response.headers.get("Retry-After") ?? 0) };
}

function neverBack(before, job) {
  if (job.attempt < before.attempt) return job; // tried again by a person: anew
  return { ...job, progress: Math.max(before.progress ?? 0, job.progress ?? 0) };
}

/* ── What a person sees ── */

function part(element, name) { return element.querySelector(`[data-part=${name}]`); }

function dress(element) {
  if (element.dataset.batch) return;
  if (!element.querySelector("[data-part]")) {
    element.append(document.getElementById("job-line").content.cloneNode(true));
    element.classList.add("job");
    setText(part(element, "label"), element.dataset.label ?? "");
  }
  part(element, "act")?.addEventListener("click", (event) => {
    if (event.target.closest("[data-act=retry]")) follows.get(addressOf(element))?.retry();
  });
}

function render(element, job) {
  element.dataset.status = job.status;
  for (const status of Object.keys(ICONS)) element.classList.toggle(`is-${status}`, status === job.status);
  setIcon(part(element, "icon"), job.status);
  setText(part(element, "message"), message(job));
  setHidden(part(element, "act"), job.status !== "error" || job.retryable === false);
  renderBar(element, job);
  renderSteps(part(element, "steps"), job);
  renderTime(element, job);
}

function message(job) {
  if (job.status === "error") return job.error || texts.error;
  return job.message || texts[job.status] || "";
}

function renderBar(element, job) {
  const bar = part(element, "bar");
  if (!bar) return;
  setHidden(bar, FINAL.has(job.status) || (job.steps?.length > 0 && part(element, "steps") !== null));
  if (job.status === "running" && !job.progress) bar.removeAttribute("value");
  else if (bar.value !== job.progress || !bar.hasAttribute("value")) bar.value = job.progress ?? 0;
}

function renderSteps(list, job) {
  if (!list) return;
  const steps = FINAL.has(job.status) ? [] : job.steps ?? [];
  setHidden(list, steps.length === 0);
  if (list.children.length !== steps.length) list.replaceChildren(...steps.map(newStep));
  steps.forEach((step, index) => {
    const item = list.children[index];
    item.className = { done: "ok", running: "now" }[step.state] ?? "";
    const bar = item.querySelector("progress");
    setHidden(bar, step.state !== "running");
    bar.value = Math.max(bar.value, step.progress ?? 0);
  });
}

function newStep(step) {
  const item = document.createElement("li");
  const bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
  const name = Object.assign(document.createElement("span"), { textContent: step.name });
  bar.setAttribute("aria-label", step.name);
  item.append(bar, name);
  return item;
}

function renderBatch(element, batch) {
  if (batch.status === "unknown") return; // cleared away: what the page says stays true
  const over = FINAL.has(batch.status);
  const counts = countsOf(element, batch);
  const handled = counts.sent + counts.failed + counts.unsure;
  const shown = over ? "done" : "running";
  for (const status of ["running", "done"]) element.classList.toggle(`is-${status}`, status === shown);
  setIcon(part(element, "icon"), shown);
  setText(part(element, "label"), wordsFor(element, handled).replace("%t", batch.total));
  setText(part(element, "message"), over ? element.dataset.over : batch.eta_seconds ? element.dataset.left.replace("%s", clock(1_000 * batch.eta_seconds)) : "");
  renderMulti(part(element, "multi"), counts, batch.total);
  for (const item of part(element, "key")?.children ?? []) {
    const count = counts[item.dataset.state];
    setHidden(item, count === 0);
    setText(item.querySelector("[data-words]"), wordsFor(item, count));
  }
  renderTime(element, batch);
}

function countsOf(element, batch) {
  const unsure = Math.min(batch.error, Number(element.dataset.unsure ?? 0));
  const { done: sent, running, pending, cancelled } = batch;
  return { sent, failed: batch.error - unsure, unsure, running, pending, cancelled };
}

function renderMulti(svg, counts, total) {
  if (!svg) return;
  svg.setAttribute("viewBox", `0 0 ${Math.max(1, total)} 12`);
  let begin = 0;
  for (const bar of svg.querySelectorAll("[data-state]")) {
    const length = counts[bar.dataset.state];
    bar.setAttribute("x", begin);
    bar.setAttribute("width", length);
    bar.setAttribute("visibility", length ? "visible" : "hidden");
    begin += length;
  }
}

function wordsFor(element, count) {
  return (plural.select(count) === "one" ? element.dataset.one : element.dataset.many).replace("%s", count);
}

function renderTime(element, job) {
  const begun = Date.parse(job.started_at ?? job.created_at ?? "");
  const until = job.finished_at ? Date.parse(job.finished_at) : now();
  setText(part(element, "time"), begun ? clock(until - begun) : "");
}

function setText(node, text) { if (node && node.textContent !== String(text)) node.textContent = text; }
function setHidden(node, hidden) { if (node && node.hidden !== hidden) node.hidden = hidden; }
function setIcon(svg, status) {
  if (!svg) return;
  svg.classList.toggle("spin", status === "running");
  svg.querySelector("use").setAttribute("href", `#i-${ICONS[status] ?? "info"}`);
}

function now() { return Date.now() + clockSkew; }
function clock(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/* ── What a person hears: start, each step and the end, not each percent ── */

function announce(before, job, label) {
  if (job.status !== before.status && job.status !== "pending") return say(`${label}: ${message(job)}`);
  const step = job.steps?.find((each) => each.state === "running")?.name;
  if (step && step !== before.steps?.find((each) => each.state === "running")?.name) say(`${label}: ${step}`);
}

function say(text) {
  const voice = document.getElementById("job-voice");
  if (voice) voice.textContent = text;
}

function emit(element, name, follow) {
  element.dispatchEvent(new CustomEvent(`${follow.kind}:${name}`, { bubbles: true, detail: { token: follow.token, job: follow.job } }));
}

/* ── Network, tab, page ── */

function showBanner(text, tone) {
  const banner = document.getElementById("job-banner");
  if (!banner) return;
  banner.className = `banner ${tone}`;
  setText(banner.querySelector("p"), text);
  setHidden(banner, false);
}

function hideBannerIfAllWell() {
  for (const follow of follows.values()) if (follow.failures > 0) return;
  setHidden(document.getElementById("job-banner"), true);
}

function pollAll() {
  for (const follow of follows.values()) follow.poll();
}

function tick() {
  if (document.hidden) return;
  for (const follow of follows.values()) {
    if (!follow.job || follow.ended) continue;
    for (const element of follow.elements) renderTime(element, follow.job);
  }
}

function newFollow(element) {
  return element.dataset.job ? new Follow(element.dataset.job) : new BatchFollow(element.dataset.batch);
}

function addressOf(element) { return newFollow(element).url; }

function discover() {
  for (const [address, follow] of follows) {
    for (const element of follow.elements) if (!element.isConnected || addressOf(element) !== address) follow.elements.delete(element);
    if (follow.elements.size === 0) follows.delete(address);
  }
  for (const element of document.querySelectorAll("[data-job]:not([data-job='']), [data-batch]:not([data-batch=''])")) {
    const known = follows.get(addressOf(element));
    const follow = known ?? newFollow(element);
    follow.add(element);
    if (!known) {
      follows.set(follow.url, follow);
      follow.poll();
    }
  }
  if (follows.size && !ticking) ticking = setInterval(tick, 1_000);
  if (!follows.size) ticking = clearInterval(ticking) ?? 0;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) for (const follow of follows.values()) clearTimeout(follow.timer);
  else pollAll();
});
addEventListener("online", pollAll);
new MutationObserver(discover).observe(document.body, { subtree: true, childList: true, attributeFilter: ["data-job", "data-batch"] });
discover();
