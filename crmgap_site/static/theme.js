/* Runs before the first paint, so it is a plain script in the head: sets the remembered or preferred theme. */
(() => {
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* storage may be closed: follow the system */ }
  if (theme !== "light" && theme !== "dark") theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.bsTheme = theme;
})();
