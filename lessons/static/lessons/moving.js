/* Moving a lesson on the grid: dragged by mouse, held and dragged by finger, carried by keys, or put where one taps after “Move”.
   Each ends in the event lesson:dropped, with the card and the slot's day and hour; planning.js sends the form. */

const HOLD_MS = 450; // shorter is a tap, and what moves earlier is a scroll
const STILL_PX = 10; // a finger at rest trembles
const TURN_MS = 500; // over another day of the strip, until that day is shown
const EDGE_PX = 90, SCROLL_PX = 12; // near the window's edge the page scrolls along
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const TYPING = "input:not([type=checkbox]), select, textarea, [contenteditable]";

const DAYS = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { weekday: "long", day: "numeric", month: "long" });

const dialog = document.getElementById("dialog");
const planning = document.getElementById("planning");
const mayMove = () => planning?.querySelector(".add") !== null;

let lifted = null; // { card, slot, by }: the lesson in hand, where it would land, and what carries it

/* ── In hand ── */

function lift(card, by) {
  const top = card.getBoundingClientRect().top;
  lifted = { card, slot: card.closest(".slot"), by };
  card.classList.add("lifted");
  planning.classList.toggle("is-moving", by !== "mouse");
  planning.querySelector(".moving-bar").hidden = by === "mouse";
  planning.querySelector("[data-act=put-back]").hidden = by === "finger";
  planning.querySelector("[data-moved]").textContent = card.querySelector("b").lastChild.textContent;
  for (const add of planning.querySelectorAll(".add")) {
    add.dataset.label = add.getAttribute("aria-label");
    add.setAttribute("aria-label", named(add.closest(".slot")));
  }
  if (by !== "mouse") scrollBy(0, card.getBoundingClientRect().top - top); // a phone now shows the free hours too
  aim(lifted.slot);
  if (by === "taps") planning.querySelector("[data-there]").textContent = planning.querySelector(".moving-bar").dataset.hint;
}

function putDown() {
  if (!lifted) return;
  lifted.card.classList.remove("lifted");
  lifted = null;
  planning.classList.remove("is-moving");
  planning.querySelector(".moving-bar").hidden = true;
  for (const add of planning.querySelectorAll(".add")) add.setAttribute("aria-label", add.dataset.label);
  aim(null);
}

function drop(slot) {
  const { card } = lifted;
  putDown();
  if (slot && !slot.contains(card)) document.dispatchEvent(new CustomEvent("lesson:dropped", { detail: { card, ...timeOf(slot) } }));
}

function aim(slot) {
  for (const each of planning.querySelectorAll(".slot.target")) each.classList.remove("target");
  slot?.classList.add("target");
  if (lifted) lifted.slot = slot;
  for (const said of planning.querySelectorAll("[data-moving], [data-there]")) said.textContent = slot ? named(slot) : "";
}

function timeOf(slot) {
  const there = new URL(slot.querySelector(".add").href).searchParams;
  return { day: there.get("day"), hour: there.get("hour") };
}

function named(slot) {
  const { day, hour } = timeOf(slot);
  return `${DAYS.format(new Date(`${day}T12:00:00`))}, ${hour}:00`;
}

function slotAt(target) { return target instanceof Element ? target.closest("#planning .slot") : null; }

/* ── By mouse ── */

document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.("a.lesson");
  if (!card || !mayMove() || finger) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.id);
  lift(card, "mouse");
});

document.addEventListener("dragover", (event) => {
  if (lifted?.by !== "mouse") return;
  const slot = slotAt(event.target);
  aim(slot);
  if (slot) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const slot = slotAt(event.target);
  if (lifted?.by !== "mouse" || !slot) return;
  event.preventDefault();
  drop(slot);
});

document.addEventListener("dragend", () => lifted?.by === "mouse" && putDown());

/* ── By finger: hold, then drag. Until it is held long enough the page scrolls as ever. ── */

let finger = null; // { id, card, x, y, timer, turning }

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.("#planning a.lesson");
  if (event.pointerType === "mouse" || !event.isPrimary || !card || !mayMove() || lifted || dialog.open) return;
  card.draggable = false; // or the browser drags the link itself
  const { pointerId: id, clientX: x, clientY: y } = event;
  finger = { id, card, x, y, timer: setTimeout(() => { lift(card, "finger"); navigator.vibrate?.(15); keepScrolling(); }, HOLD_MS) };
});

document.addEventListener("pointermove", (event) => {
  if (finger?.id !== event.pointerId) return;
  const moved = Math.hypot(event.clientX - finger.x, event.clientY - finger.y);
  if (lifted?.by === "finger") carryTo(event.clientX, event.clientY);
  else if (moved > STILL_PX) letGo();
});

document.addEventListener("pointerup", (event) => {
  if (finger?.id !== event.pointerId) return;
  if (lifted?.by === "finger") {
    document.addEventListener("click", swallow, { capture: true, once: true }); // it was no tap
    setTimeout(() => document.removeEventListener("click", swallow, { capture: true }), 50);
    drop(lifted.slot);
  }
  letGo();
});

document.addEventListener("pointercancel", (event) => {
  if (finger?.id !== event.pointerId) return;
  if (lifted?.by === "finger") putDown();
  letGo();
});

/* A held link opens the browser's own menu, and a finger that moves scrolls: not with a lesson in hand. */
document.addEventListener("contextmenu", (event) => finger && event.preventDefault());
document.addEventListener("touchmove", (event) => lifted?.by === "finger" && event.preventDefault(), { passive: false });

function letGo() {
  clearTimeout(finger?.timer);
  clearTimeout(finger?.turning?.timer);
  finger?.card.removeAttribute("draggable");
  finger = null;
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

function carryTo(x, y) {
  [finger.x, finger.y] = [x, y];
  const under = document.elementFromPoint(x, y);
  const day = under?.closest("#planning .days a");
  if (day !== finger.turning?.day) {
    clearTimeout(finger.turning?.timer);
    finger.turning = day ? { day, timer: setTimeout(() => showDay(day), TURN_MS) } : null;
  }
  aim(slotAt(under));
}

/* A phone shows one day: the strip turns to another one while the lesson is in hand. */
function showDay(link) {
  const links = [...planning.querySelectorAll(".days a")], days = [...planning.querySelectorAll(".day")];
  for (const each of links) each.toggleAttribute("aria-current", false);
  link.setAttribute("aria-current", "date");
  for (const [number, day] of days.entries()) day.classList.toggle("shown", links[number] === link);
}

function keepScrolling() {
  if (lifted?.by !== "finger" || !finger) return;
  const { x, y } = finger;
  const step = y < EDGE_PX ? -SCROLL_PX : y > innerHeight - EDGE_PX ? SCROLL_PX : 0;
  if (step) {
    scrollBy(0, step);
    carryTo(x, y);
  }
  requestAnimationFrame(keepScrolling);
}

/* ── By keys: m lifts, the arrows carry, Enter puts down, Escape leaves it where it was ── */

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || event.target.closest(TYPING)) return;
  if (event.key === "Escape" && lifted) putDown();
  else if (lifted?.by === "keys" && STEPS[event.key]) carry(STEPS[event.key]);
  else if (lifted?.by === "keys" && event.key === "Enter") drop(lifted.slot);
  else if (!lifted && event.key === "m" && mayMove() && event.target.closest("a.lesson")) lift(event.target.closest("a.lesson"), "keys");
  else return;
  event.preventDefault();
});

function carry([right, down]) {
  const columns = [...planning.querySelectorAll(".day")].map((day) => [...day.querySelectorAll(".slot")]);
  const column = columns.findIndex((slots) => slots.includes(lifted.slot));
  const row = columns[column].indexOf(lifted.slot);
  aim(columns[column + right]?.[row + down] ?? lifted.slot);
  lifted.slot.scrollIntoView({ block: "nearest" });
}

/* ── By “Move” in the lesson's dialog, then a tap: for who can neither drag nor press keys ── */

document.addEventListener("fragment:shown", () => {
  const button = dialog.querySelector("[data-act=move]");
  if (button) button.hidden = !mayMove() || !planning.querySelector(`.slot #${button.dataset.lesson}`);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act=move]");
  if (button) {
    dialog.close();
    lift(document.getElementById(button.dataset.lesson), "taps");
    lifted.card.focus();
  } else if (event.target.closest("[data-act=put-back]")) putDown();
  else if (lifted?.by === "taps" || lifted?.by === "keys") place(event);
}, { capture: true });

function place(event) {
  const slot = slotAt(event.target), day = event.target.closest("#planning .days a");
  if (!slot && !day) return;
  swallow(event);
  if (slot) drop(slot);
  else showDay(day);
}
