/* Sends a page of the survey and shows the next one in place: half the requests, and nothing typed is lost when the
   connection fails. Without this script the same forms work by themselves. */

const PAGE = "X-Survey-Page";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  try {
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Survey": "page" } });
    if (answer.status >= 500) throw new Error(answer.statusText);
    show(await answer.text(), answer.headers.get(PAGE) ?? answer.url);
  } catch {
    const note = document.getElementById("not-sent");
    note.hidden = false;
    note.focus();
  } finally {
    delete form.dataset.sending;
  }
});

/* Back and forward of the browser: the server has every page with its answers. */
addEventListener("popstate", () => location.reload());

function show(text, address) {
  const next = new DOMParser().parseFromString(text, "text/html");
  document.title = next.title;
  document.documentElement.lang = next.documentElement.lang;
  document.documentElement.dir = next.documentElement.dir;
  document.body.replaceChildren(...next.body.childNodes);
  if (new URL(address, location).pathname !== location.pathname) history.pushState(null, "", address);
  scrollTo(0, 0);
  const start = document.getElementById("errors") ?? document.querySelector("h1");
  start.tabIndex = -1;
  start.focus({ preventScroll: start.tagName === "H1" });
  waitAtKiosk();
}

/* What is on the page is saved while it is filled in: at most every five seconds, and once when the page is left. */
const EVERY = 5000;
let saving = 0;
let unsaved = false;

function save() {
  clearTimeout(saving);
  saving = 0;
  const form = document.querySelector("form[data-autosave]");
  if (!unsaved || !form || form.dataset.sending) return;
  unsaved = false;
  const body = new URLSearchParams(new FormData(form));
  fetch(form.action, { method: "POST", body, keepalive: true, headers: { "X-Survey": "save" } }).catch(() => (unsaved = true));
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("form[data-autosave]")) return;
  unsaved = true;
  saving ||= setTimeout(save, EVERY);
});
document.addEventListener("submit", () => (unsaved = false));
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && save());
addEventListener("pagehide", save);

/* A kiosk goes back to its first page: some seconds after the thanks, and when nobody has touched it for a while. */
let waiting = 0;

function waitAtKiosk() {
  clearTimeout(waiting);
  const kiosk = document.getElementById("idle") ?? document.getElementById("return");
  if (kiosk) waiting = setTimeout(() => location.replace(kiosk.dataset.url), kiosk.dataset.seconds * 1000);
}

for (const sign of ["pointerdown", "keydown", "scroll", "input"]) addEventListener(sign, waitAtKiosk, { passive: true });
waitAtKiosk();
