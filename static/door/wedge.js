/**
 * A hand scanner types like a keyboard, only faster, and ends with Enter or Tab. Its characters are caught anywhere on the page but in
 * a field: tickets are digits, which every keyboard layout types alike (INTEROP D66).
 *
 * @param {(text: string) => void} scanned
 */
export function listenForHandScanner(scanned) {
  const SLOWEST = 500; // ms between two characters: a busy phone delivers them late
  const SHORTEST = 8;
  let typed = "";
  let last = 0;
  addEventListener("keydown", (event) => {
    const target = event.target;
    if (target instanceof HTMLInputElement && target.type !== "file") return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.timeStamp - last > SLOWEST) typed = "";
    if (event.key.length === 1) {
      typed += event.key;
      last = event.timeStamp;
      // A space would press the button that has the focus.
      if (typed.length > 3) event.preventDefault();
    } else if ((event.key === "Enter" || event.key === "Tab") && typed.length >= SHORTEST) {
      event.preventDefault();
      scanned(typed);
      typed = "";
    }
  });
}
