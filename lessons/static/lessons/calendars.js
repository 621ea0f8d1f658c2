// Copies an address. Without a clipboard (or JavaScript) the field is there to be copied by hand.

const SHOWN_FOR = 3000;

async function copy(button) {
  const field = button.closest("div").querySelector("[data-address]");
  field.select();
  await navigator.clipboard.writeText(field.value);
  const words = button.firstChild, before = words.textContent;
  words.textContent = button.dataset.copied;
  setTimeout(() => { words.textContent = before; }, SHOWN_FOR);
}

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}
