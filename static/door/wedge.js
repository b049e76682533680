/**
 * A hand scanner types like a keyboard, only faster, and ends with Enter, Tab or nothing. Its characters are caught anywhere on the
 * page; in a field only what can be nothing but a ticket. Tickets are digits, which every keyboard layout types alike (INTEROP D66).
 *
 * @param {(text: string) => void} scanned
 */
export function listenForHandScanner(scanned) {
  const SLOWEST = 500; // ms between two characters: a busy phone delivers them late
  const SHORTEST = 8;
  const TICKET = /^\D{0,8}\d{193,}\D{0,8}$/;
  const SILENCE = 300; // ms after which a scanner without a suffix has said all
  let typed = "";
  let last = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;
  const take = () => {
    clearTimeout(silence);
    const text = typed;
    typed = "";
    scanned(text);
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target;
    if (target instanceof HTMLInputElement && !["file", "radio", "checkbox"].includes(target.type)) {
      // The focus was left in the search or another field.
      if ((event.key === "Enter" || event.key === "Tab") && TICKET.test(target.value.trim()) && target.id !== "code") {
        event.preventDefault();
        typed = target.value;
        target.value = "";
        take();
      }
      return;
    }
    if (event.timeStamp - last > SLOWEST) typed = "";
    if (event.key.length === 1) {
      typed += event.key;
      last = event.timeStamp;
      // A space would press the button that has the focus.
      if (typed.length > 3) event.preventDefault();
      clearTimeout(silence);
      if (TICKET.test(typed)) silence = setTimeout(take, SILENCE);
    } else if ((event.key === "Enter" || event.key === "Tab") && typed.length >= SHORTEST) {
      event.preventDefault();
      take();
    }
  });
}
