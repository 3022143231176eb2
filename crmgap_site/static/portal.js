/* The portal's behaviour: theme, side sheets and dialogs, typed confirmation. Pages work without it, except live progress. */

const focusable = "a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex]:not([tabindex='-1'])";

/* htmx reads its settings from <meta name="htmx-config">: no eval, no injected style. Errors of a fragment are told, never swallowed. */
document.addEventListener("htmx:responseError", (event) => tell(event.detail.target));
document.addEventListener("htmx:sendError", (event) => tell(event.detail.target));

function tell(target) {
  const note = document.getElementById("connection");
  if (note) note.hidden = false;
  target?.removeAttribute?.("aria-busy");
}
document.addEventListener("htmx:afterOnLoad", () => {
  const note = document.getElementById("connection");
  if (note) note.hidden = true;
});

/* theme */
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.bsTheme); } catch { /* lasts for this page only */ }
});

/* native dialogs: <button data-dialog="id">, closed by Escape or [data-close] */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) { event.preventDefault(); dialog.showModal(); }
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});

/* side sheet: the fragment link opens it without script; with script, focus goes in and comes back */
let cameFrom = null;
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#sheet"]');
  if (link) cameFrom = link;
});
function openSheet() {
  const sheet = location.hash.startsWith("#sheet") ? document.getElementById(location.hash.slice(1)) : null;
  if (sheet) sheet.focus();
  else if (cameFrom) { cameFrom.focus({ preventScroll: true }); cameFrom = null; }
}
window.addEventListener("hashchange", openSheet);
document.addEventListener("htmx:afterSwap", (event) => {
  const sheet = event.detail.target.closest?.(".sheet");
  if (sheet) { if (location.hash !== `#${sheet.id}`) location.hash = sheet.id; sheet.focus(); }
});
/* links inside [data-sheet="id"], drawn marks too, open their page in the side sheet; without script they lead to it */
document.addEventListener("click", (event) => {
  const room = event.target.closest("[data-sheet]");
  const link = event.target.closest("a[href]");
  const sheet = room && document.getElementById(room.dataset.sheet);
  const address = link?.getAttribute("href") ?? "";
  if (!sheet || !room.contains(link) || !window.htmx || !address.includes("/gap/")) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (!sheet.contains(link)) cameFrom = link;
  window.htmx.ajax("GET", address, { target: sheet.querySelector(".sheet-in"), swap: "innerHTML" });
});
document.addEventListener("keydown", (event) => {
  const sheet = document.querySelector(".sheet:target");
  if (!sheet) return;
  if (event.key === "Escape") { location.hash = "close"; return; }
  if (event.key !== "Tab" || !sheet.contains(document.activeElement)) return;
  const inside = [...sheet.querySelectorAll(focusable)];
  const last = inside.at(-1);
  if (event.shiftKey && (document.activeElement === inside[0] || document.activeElement === sheet)) { event.preventDefault(); last?.focus(); }
  else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); inside[0]?.focus(); }
});

/* typed confirmation: the button wakes up when the word is right; the server checks it again */
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-confirm-word]");
  if (!field) return;
  const button = field.form?.querySelector("[data-confirmed]");
  if (button) button.disabled = field.value.trim() !== field.dataset.confirmWord;
});
for (const field of document.querySelectorAll("[data-confirm-word]")) field.dispatchEvent(new Event("input", { bubbles: true }));

/* a form that filters or maps submits itself on change; without script its button does */
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form) form.requestSubmit();
});

/* a form is sent once per click */
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented || event.target.hasAttribute("data-again")) return;
  setTimeout(() => button.setAttribute("aria-disabled", "true"), 0);
});
document.addEventListener("click", (event) => {
  if (event.target.closest('button[aria-disabled="true"]')) event.preventDefault();
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll('button[aria-disabled="true"]')) button.removeAttribute("aria-disabled");
});

/* copy a text: <button data-copy="text"> */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.querySelector("[data-copied]")?.removeAttribute("hidden");
});
