/* The frame's own liveliness: the tray and the top bar's counter follow the jobs on the page; the menu closes like a menu. */

const STAY_MS = 15_000; // how long a finished line stays, unless somebody is at it or it tells something to decide
const DISMISSED = "dismissed-jobs";
const FOLDED = "folded-jobs"; // what was in the tray when a person folded it

const tray = document.getElementById("taches");
const list = tray.querySelector(".tray-list");
const counter = document.querySelector(".top-jobs");
const isPhone = matchMedia("(max-width: 47.99rem)");
const plural = new Intl.PluralRules(document.documentElement.lang);

function lines() { return [...list.querySelectorAll(":scope > li")]; }
function statusOf(line) { return line.querySelector("[data-job]").dataset.status ?? "pending"; }
function isLive(line) { return ["pending", "running"].includes(statusOf(line)); }

function refresh() {
  const all = lines();
  const live = all.filter(isLive);
  const outcome = ["error", "done"].find((status) => all.some((line) => statusOf(line) === status)) ?? "cancelled"; // the gravest
  tray.hidden = all.length === 0;
  counter.hidden = live.length === 0;
  counter.querySelector("[data-count]").textContent = live.length;
  setSummary(live, all.filter((line) => statusOf(line) === "error").length, outcome);
  for (const line of all) line.querySelector("[data-act=close]").hidden = isLive(line);
}

function wordsFor(count, one, many) { return (plural.select(count) === "one" ? one : many).replace("%s", count); }

function setSummary(live, failed, outcome) {
  const { one, many, errorOne, errorMany } = tray.dataset;
  const text = live.length ? wordsFor(live.length, one, many) : outcome === "error" ? wordsFor(failed, errorOne, errorMany) : tray.dataset[outcome];
  const label = tray.querySelector("summary span");
  if (label.textContent !== text) label.textContent = text;
  const icon = tray.querySelector("summary > .i");
  icon.classList.toggle("spin", live.length > 0);
  for (const status of ["error", "done", "cancelled"]) tray.classList.toggle(`is-${status}`, !live.length && status === outcome);
  icon.querySelector("use").setAttribute("href", live.length ? "#i-run" : { error: "#i-error", done: "#i-check", cancelled: "#i-x" }[outcome]);
  const bar = tray.querySelector("summary progress");
  bar.hidden = live.length === 0;
  if (live.length) bar.value = live.reduce((sum, line) => sum + (line.querySelector("[data-part=bar]").value || 0), 0) / live.length;
}

function remove(line) {
  line.remove();
  refresh();
}

function leaveSoon(line) {
  const stays = () => line.matches(":hover, :focus-within") || line.querySelector("[data-needs-you]") || document.hidden;
  setTimeout(() => (stays() ? leaveSoon(line) : !isLive(line) && remove(line)), STAY_MS);
}

function tokenOf(line) { return line.querySelector("[data-job]").dataset.job; }
function remembered(name) { return JSON.parse(sessionStorage.getItem(name) ?? "[]"); }
function remember(name, tokens) { sessionStorage.setItem(name, JSON.stringify(tokens.slice(-100))); }
function dismiss(line) {
  remember(DISMISSED, [...remembered(DISMISSED), tokenOf(line)]);
  remove(line);
}

/* Folded it stays, from page to page, until there is something new; and it never begins on top of what a page is for. */
function wasFolded() { return lines().length > 0 && lines().every((line) => remembered(FOLDED).includes(tokenOf(line))); }
function isInTheWay() {
  const own = tray.getBoundingClientRect();
  return [...document.querySelectorAll("main .btn.primary")].some((button) => {
    const its = button.getBoundingClientRect();
    return its.width > 0 && its.right > own.left && its.left < own.right && its.bottom > own.top && its.top < own.bottom;
  });
}

list.addEventListener("job:update", refresh);
list.addEventListener("job:update", (event) => {
  const begun = ["running", "done"].includes(event.detail.job.status);
  if (begun) document.getElementById("no-worker")?.remove(); // somebody works again
});
list.addEventListener("job:ended", (event) => {
  if (event.detail.job.status !== "error") leaveSoon(event.target.closest("li"));
});
list.addEventListener("click", (event) => {
  if (event.target.closest("[data-act=close]")) dismiss(event.target.closest("li"));
});
new MutationObserver(refresh).observe(list, { childList: true });

for (const line of lines()) if (remembered(DISMISSED).includes(tokenOf(line))) line.remove();
refresh();
if (isPhone.matches || wasFolded() || isInTheWay()) tray.open = false;
tray.querySelector("summary").addEventListener("click", () => remember(FOLDED, tray.open ? lines().map(tokenOf) : []));

counter.addEventListener("click", () => { tray.open = true; });

const menu = document.querySelector(".menu");
document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
