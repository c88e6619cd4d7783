// Progressive enhancement only: the list is complete without this file, and says all that the map says.
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
        bouton.textContent = "Position refusée : écrivez votre commune";
      });
    });
  });

  const zone = document.querySelector("[data-carte]");
  if (!zone) return;
  // Leaflet tries what only Internet Explorer has, and catches the error: to say where it came from, the browser would
  // read the whole file four times again, longer than it runs.
  document.namespaces = document.namespaces || { add: function () {} };
  const leaflet = document.createElement("script");
  leaflet.src = zone.dataset.leaflet;
  leaflet.addEventListener("load", function () {
    zone.hidden = false;
    document.querySelectorAll("[data-vers-la-carte]").forEach(function (lien) { lien.hidden = false; });
    // In a task of its own, after the page is laid out: an old phone answers meanwhile.
    window.requestAnimationFrame(function () { window.setTimeout(demarrer, 0); });
  });
  document.head.append(leaflet);

  function demarrer() {
    const L = window.L, infos = zone.dataset;
    const carte = L.map(zone, { preferCanvas: true, minZoom: 3, maxZoom: 17, zoomSnap: 0.5, zoomControl: false });
    L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(carte);
    carte.attributionControl.setPrefix(false).addAttribution("Départements : IGN");

    if (infos.tuiles) L.tileLayer(infos.tuiles, { attribution: infos.attribution }).addTo(carte);
    else fetch(infos.contours).then(function (reponse) { return reponse.json(); }).then(function (contours) {
      const gris = { color: "#929292", weight: 1, fillColor: "#f6f6f6", fillOpacity: 1 };
      const fond = L.geoJSON(null, { style: gris, interactive: false }).addTo(carte);
      (function ajouter() {  // a few at a time, for the same reason
        contours.features.splice(0, 10).forEach(function (contour) { fond.addData(contour); });
        if (contours.features.length) window.setTimeout(ajouter, 0);
      })();
    });

    const couche = L.layerGroup().addTo(carte);
    function diametre(nombre) { return nombre === 1 ? 22 : nombre < 10 ? 30 : nombre < 100 ? 36 : 44; }

    // Two neighbouring cells may have their points close to the line between them: what would overlap is one point.
    function sansRecouvrement(points) {
      const gardes = [];
      points.sort(function (a, b) { return b[2] - a[2]; }).forEach(function (point) {
        const ici = carte.latLngToLayerPoint([point[0], point[1]]);
        const voisin = gardes.find(function (garde) {
          return garde.ici.distanceTo(ici) < (diametre(garde.point[2]) + diametre(point[2])) / 2;
        });
        if (voisin) voisin.point = [voisin.point[0], voisin.point[1], voisin.point[2] + point[2], voisin.point[3] + point[3]];
        else gardes.push({ ici: ici, point: point });
      });
      return gardes.map(function (garde) { return garde.point; });
    }

    function groupe(point) {
      const nombre = point[2], reservables = point[3];
      const cote = diametre(nombre);
      const titre = nombre === 1 ? point[5] : nombre + " lieux, dont " + reservables + " avec rendez-vous en ligne : agrandir";
      const marque = L.marker([point[0], point[1]], {
        title: titre,
        icon: L.divIcon({
          className: "rdv-point" + (reservables ? " rdv-point--reservable" : ""),
          html: nombre === 1 ? (reservables ? "●" : "○") : String(nombre),
          iconSize: [cote, cote],
        }),
      });
      // A drawn point has no text that could name it, and a number alone says nothing.
      marque.on("add", function () { marque.getElement().setAttribute("aria-label", titre); });
      if (nombre === 1) {
        const lien = document.createElement("a"), etat = document.createElement("p"), boite = document.createElement("div");
        lien.href = infos.fiches + point[4] + "/";
        lien.textContent = point[5];
        if ("nouvelOnglet" in infos) { lien.target = "_blank"; lien.rel = "noopener"; }
        etat.textContent = reservables ? "Rendez-vous par Internet" : "Sans rendez-vous en ligne";
        boite.append(lien, etat);
        marque.bindPopup(boite);
      } else {
        marque.on("click", function () {
          if (carte.getZoom() < carte.getMaxZoom()) carte.setView([point[0], point[1]], carte.getZoom() + 2);
          else window.location.assign(infos.liste + "?lat=" + point[0] + "&lon=" + point[1]);
        });
      }
      return marque;
    }

    let enCours = null, poses = null;
    function charger() {
      const cadre = carte.getBounds().pad(0.1);
      const demande = new URLSearchParams({
        ouest: cadre.getWest().toFixed(3), sud: Math.max(-90, cadre.getSouth()).toFixed(3),
        est: cadre.getEast().toFixed(3), nord: Math.min(90, cadre.getNorth()).toFixed(3),
      });
      if (enCours) enCours.abort();
      enCours = new AbortController();
      fetch(infos.points + "?" + demande + "&" + infos.filtres, { signal: enCours.signal }).then(function (reponse) {
        if (!reponse.ok) throw new Error(String(reponse.status));
        return reponse.json();
      }).then(function (lus) {
        // An open popup moved the map: it stays.
        const ouvert = zone.querySelector(".leaflet-popup");
        if (ouvert) return;
        couche.clearLayers();
        const points = poses = sansRecouvrement(lus.points);
        (function ajouter() {  // a few at a time, unless others have taken their place
          points.splice(0, 30).forEach(function (point) { couche.addLayer(groupe(point)); });
          if (points.length) window.setTimeout(function () { if (points === poses) ajouter(); }, 0);
        })();
      }).catch(function () { /* the list is there; the next move asks again */ });
    }
    carte.on("moveend", charger);
    if (infos.zoom) carte.setView([Number(infos.latitude), Number(infos.longitude)], Number(infos.zoom));
    else carte.fitBounds([[41.4, -5.1], [51.1, 9.6]]);
  }
})();
