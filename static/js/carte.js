// Progressive enhancement only: the list is complete without this file.
(function () {
  "use strict";

  // "Autour de moi": asked for by a click, rounded to about a kilometre before it leaves the browser.
  document.querySelectorAll("[data-autour-de-moi]").forEach(function (bouton) {
    if (!navigator.geolocation || !window.isSecureContext) return;
    bouton.hidden = false;
    bouton.addEventListener("click", function () {
      bouton.disabled = true;
      navigator.geolocation.getCurrentPosition(function (position) {
        const adresse = new URL(bouton.form.action);
        adresse.searchParams.set("lat", position.coords.latitude.toFixed(2));
        adresse.searchParams.set("lon", position.coords.longitude.toFixed(2));
        window.location.assign(adresse);
      }, function () {
        bouton.textContent = "Position refusée : écrivez votre commune";
      });
    });
  });
})();
