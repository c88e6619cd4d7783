// Progressive enhancement only: every page works without this file.
(function () {
  "use strict";
  document.documentElement.classList.add("js");

  // A sentence for screen readers. Emptied first, else the same sentence twice is said once.
  function annoncer(texte) {
    const zone = document.getElementById("annonces");
    if (!zone || !texte) return;
    zone.textContent = "";
    window.setTimeout(function () { zone.textContent = texte; }, 100);
  }

  // <button type="button" data-copier="#id-of-the-input">Copier le lien</button>
  // or data-copier-texte="https://…". What to say afterwards: data-copie (default "Lien copié").
  document.addEventListener("click", function (evenement) {
    const bouton = evenement.target.closest("[data-copier]");
    if (!bouton) return;
    const champ = bouton.dataset.copier ? document.querySelector(bouton.dataset.copier) : null;
    const texte = bouton.dataset.copierTexte || (champ ? champ.value || champ.textContent.trim() : "");
    const fait = bouton.dataset.copie || "Lien copié";
    const dire = function () {
      const libelle = bouton.dataset.libelle || bouton.textContent;
      bouton.dataset.libelle = libelle;
      bouton.textContent = fait;
      annoncer(fait);
      window.setTimeout(function () { bouton.textContent = libelle; }, 3000);
    };
    const aLaMain = function () {
      // The clipboard is refused (page not in https): the text is selected, one key is left to press.
      if (champ && champ.select) { champ.focus(); champ.select(); annoncer("Lien sélectionné : copiez-le"); }
    };
    if (navigator.clipboard) navigator.clipboard.writeText(texte).then(dire, aLaMain);
    else if (champ && champ.select) { champ.select(); if (document.execCommand("copy")) dire(); else aLaMain(); }
  });

  // <button type="button" data-imprimer hidden>: shown here, since without this file it does nothing.
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-imprimer]").forEach(function (bouton) {
      bouton.hidden = false;
      bouton.addEventListener("click", function () { window.print(); });
      if (bouton.dataset.imprimer === "tout-de-suite") { window.print(); }
    });
  });

  // What was typed before htmx was there, on a slow line, or that the browser put back: it is looked for too.
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("input[type=search]").forEach(function (champ) {
      if (champ.value !== champ.defaultValue) champ.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });

  // After a swap: the focus goes to what asks for it (error summary, confirmation), and its sentence is said.
  // [data-focus]: moves the focus, unless what was pressed names another place ([data-focus-apres="#id"]); [data-annonce="sentence"]: is only said; [data-titre-page="title"]: the browser's.
  document.addEventListener("htmx:afterSettle", function (evenement) {
    const region = evenement.detail.elt;
    if (!region || !region.querySelector) return;
    const trouver = function (selecteur) { return region.matches(selecteur) ? region : region.querySelector(selecteur); };
    const presse = evenement.detail.requestConfig && evenement.detail.requestConfig.elt;
    const ailleurs = presse && presse.dataset.focusApres;
    const cible = (ailleurs && trouver(ailleurs)) || trouver("[data-focus]");
    if (cible) {
      if (!cible.hasAttribute("tabindex")) cible.setAttribute("tabindex", "-1");
      cible.focus();
    }
    const titre = trouver("[data-titre-page]");
    if (titre) document.title = titre.dataset.titrePage;
    const annonce = trouver("[data-annonce]");
    if (annonce) annoncer(annonce.dataset.annonce);
    demarrer(region);
  });

  // A region changed the address: another language is shown there.
  document.addEventListener("htmx:pushedIntoHistory", function (evenement) {
    document.querySelectorAll(".rdv-langue [name=next]").forEach(function (champ) { champ.value = evenement.detail.path; });
  });

  // A page asked for by htmx that cannot be had is said, not swallowed.
  function dire(cle) { const zone = document.getElementById("annonces"); if (zone) annoncer(zone.dataset[cle]); }
  document.addEventListener("htmx:sendError", function () { dire("coupure"); });
  document.addEventListener("htmx:responseError", function () { dire("echec"); });

  // <p data-expire-a="2026-11-24T09:15:00+00:00">… encore <span data-restant>14 minutes</span></p>
  // The text follows the clock; it is said aloud at 5 minutes, at 1 minute and at the end only.
  // Its sentences come with it, in the language of the page: data-minute, data-minutes, data-reste, data-expire-message.
  function suivre(element) {
    if (element.dataset.suivi) return;
    element.dataset.suivi = "oui";
    const fin = Date.parse(element.dataset.expireA);
    if (Number.isNaN(fin)) return;
    const minutes = function (n) { return (n <= 1 ? element.dataset.minute : element.dataset.minutes).replace("0", n); };
    let avant = Math.ceil((fin - Date.now()) / 60000);
    const battre = function () {
      if (!element.isConnected) { window.clearInterval(horloge); return; }
      const reste = Math.max(0, Math.ceil((fin - Date.now()) / 60000));
      const affichage = element.querySelector("[data-restant]");
      if (affichage) affichage.textContent = minutes(reste);
      if (reste < avant) {
        if (reste === 5 || reste === 1) annoncer(element.dataset.reste.replace("0", minutes(reste)));
        if (reste === 0) {
          window.clearInterval(horloge);
          annoncer(element.dataset.expireMessage);
          element.dispatchEvent(new CustomEvent("expire", { bubbles: true }));
        }
        avant = reste;
      }
    };
    const horloge = window.setInterval(battre, 5000);
    battre();
  }
  function demarrer(racine) {
    if (racine.matches && racine.matches("[data-expire-a]")) suivre(racine);
    racine.querySelectorAll("[data-expire-a]").forEach(suivre);
  }
  demarrer(document);
})();
