/**
 * Light or dark: the system's choice until the reader presses the switch; then theirs, remembered in this browser.
 *
 * A classic script in the head, so that the choice stands before the first paint. Without it the media query in theme.css decides.
 */
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  /** @returns {string | null} "light", "dark" or null when the system decides */
  function chosen() {
    try {
      const value = localStorage.getItem("theme");
      return value === "light" || value === "dark" ? value : null;
    } catch {
      return null; // storage is closed to us in some private windows
    }
  }

  /** @param {string} theme */
  function remember(theme) {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // then the choice lasts for this page only
    }
  }

  /** @param {string} theme */
  function show(theme) {
    root.dataset.bsTheme = theme;
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.setAttribute("aria-pressed", String(theme === "dark"));
    }
  }

  const current = () => chosen() ?? (dark.matches ? "dark" : "light");

  root.classList.add("js");
  show(current());
  document.addEventListener("DOMContentLoaded", () => show(current()));
  dark.addEventListener("change", () => show(current()));
  addEventListener("storage", () => show(current()));
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!(target instanceof Element) || !target.closest("[data-theme-switch]")) return;
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    remember(theme);
    show(theme);
  });
})();
