/* The frame's own liveliness: the tray and the top bar's counter follow the jobs on the page; the menu closes like a menu. */

const STAY_MS = 15_000; // how long a finished line stays, unless somebody is at it or it tells something to decide
const DISMISSED = "dismissed-jobs";

const tray = document.getElementById("taches");
const list = tray.querySelector(".tray-list");
const counter = document.querySelector(".top-jobs");
const isPhone = matchMedia("(max-width: 47.99rem)");

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
  setSummary(live, outcome);
  for (const line of all) line.querySelector("[data-act=close]").hidden = isLive(line);
}

function setSummary(live, outcome) {
  const { one, many } = tray.dataset;
  const text = live.length === 1 ? one : live.length ? many.replace("%s", live.length) : tray.dataset[outcome];
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

function dismissed() { return JSON.parse(sessionStorage.getItem(DISMISSED) ?? "[]"); }
function dismiss(line) {
  sessionStorage.setItem(DISMISSED, JSON.stringify([...dismissed(), line.querySelector("[data-job]").dataset.job].slice(-100)));
  remove(line);
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

for (const line of lines()) if (dismissed().includes(line.querySelector("[data-job]").dataset.job)) line.remove();
if (isPhone.matches) tray.open = false;
refresh();

counter.addEventListener("click", () => { tray.open = true; });

const menu = document.querySelector(".menu");
document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
