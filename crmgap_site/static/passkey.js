/* Passkey buttons appear only where they can work; what went wrong is said on the page instead of the console. */
document.addEventListener("DOMContentLoaded", () => {
  if (window.PublicKeyCredential) {
    for (const part of document.querySelectorAll("[data-passkey]")) part.hidden = false;
  }
});
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const tip = document.getElementById("passkey-error");
  if (tip) tip.hidden = false;
});
