/** The code of a door is a key: it is hidden again after a minute, and its address can be copied. */

for (const details of document.querySelectorAll("details[data-seconds]")) {
  if (!(details instanceof HTMLDetailsElement)) continue;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const hideLater = () => {
    clearTimeout(timer);
    if (details.open) timer = setTimeout(() => (details.open = false), Number(details.dataset.seconds) * 1000);
  };
  details.addEventListener("toggle", hideLater);
  hideLater();
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement) || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.copied ?? "";
  });
}
