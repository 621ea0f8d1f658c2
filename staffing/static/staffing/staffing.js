/* Sliders beside the numbers, the hours that they make, and the page anew when its calculation has ended.
   Without it the numbers are typed and the page is looked at again by its link. */

const PERCENT = 100;

for (const form of document.querySelectorAll("[data-assumptions]")) {
  const sliders = [...form.querySelectorAll("input[type=range]")];
  for (const slider of sliders) {
    const number = document.getElementById(slider.dataset.for);
    const follow = () => { const value = read(number); if (Number.isFinite(value)) slider.value = value; };
    follow();
    slider.hidden = false;
    slider.addEventListener("input", () => { number.value = write(slider.value); sum(form); });
    number.addEventListener("input", () => { follow(); sum(form); });
  }
  sum(form);
}

function read(input) { return Number(input.value.trim().replace(",", ".") || NaN); }
function write(value) { return String(value).replace(".", document.documentElement.lang === "fr" ? "," : "."); }

/* What one full-time post gets done in a year. */
function sum(form) {
  const value = (name) => read(form.elements[name]);
  const hours = value("working_days") * value("hours_a_day") * (value("productivity") / PERCENT) * (1 - value("absence_rate") / PERCENT);
  const hint = form.querySelector("[data-year]");
  hint.hidden = !(hours > 0);
  hint.textContent = hint.dataset.year.replace("%s", Math.round(hours).toLocaleString(document.documentElement.lang));
}

/* An ended calculation has a result to show; a failed one has its reason and its button already. */
for (const line of document.querySelectorAll("[data-reload]")) {
  const event = line.dataset.status;
  if (["pending", "running"].includes(event)) line.addEventListener("job:update", ({ detail }) => { if (["done", "cancelled"].includes(detail.job.status)) location.reload(); });
}
