"""The figures of the map in the real browser, on a server that has all the real places (docs/cartographie.md).

    uv run python -m tests.mesures_carte http://127.0.0.1:8000 [--vue] [--images FOLDER]

How long the main thread is blocked at most, the processor being four times slower, on a desktop and on a phone: at the
first view, in eleven new windows, in turns with a page of a few lines (what the browser and this machine do anyway),
then (not with --vue) while one moves and zooms; what crosses the network; the feed of all places against the schema.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from tests.navigateur.chromium import arguments_du_navigateur, chemin_du_navigateur

SCHEMA = Path(__file__).parent / "donnees" / "standard-mediation-num.schema.json"
ECRANS = {"ordinateur": (1280, 800), "téléphone": (375, 800)}
RALENTI = 4
FENETRES = 11
PAGES = {"carte": "/carte/", "quelques lignes": "/mentions-legales/"}
# "Long tasks" are over 50 ms; the browser keeps them for who asks later (W3C Long Tasks).
LONGUES_TACHES = """() => new Promise((rendre) => {
    let pire = 0;
    new PerformanceObserver((liste) => { pire = Math.max(pire, ...liste.getEntries().map((tache) => tache.duration)); })
        .observe({ type: "longtask", buffered: true });
    setTimeout(() => rendre(pire), 200);
})"""


def dire(phrase: str) -> None:
    sys.stdout.write(f"{phrase}\n")
    sys.stdout.flush()


def valider(site: str) -> None:
    """Read the feed of all places and hold it against the schema."""
    from frictionless import Resource, Schema  # slow to load, and a test of the browser uses this module

    with urlopen(f"{site}/api/v1/lieux.json") as reponse:  # noqa: S310 the address is ours
        lignes = json.load(reponse)
    schema = Schema.from_descriptor(json.loads(SCHEMA.read_text(encoding="utf-8")))
    noms = [champ.name for champ in schema.fields]
    table = [noms, *([ligne.get(nom) for nom in noms] for ligne in lignes)]
    fautes = Resource(data=table, schema=schema).validate(limit_errors=10).flatten(["rowNumber", "fieldName", "note"])
    dire(f"flux json : {len(lignes)} lignes, {len(fautes)} erreur(s) {fautes}")


def ouvrir(navigateur: Browser, nom: str) -> tuple[Page, list[float]]:
    """Give a new window, slowed down, and what it will have received, in bytes."""
    largeur, hauteur = ECRANS[nom]
    contexte = navigateur.new_context(
        viewport={"width": largeur, "height": hauteur}, has_touch=nom == "téléphone", locale="fr-FR"
    )
    page = contexte.new_page()
    outils = contexte.new_cdp_session(page)
    outils.send("Network.enable")
    outils.send("Emulation.setCPUThrottlingRate", {"rate": RALENTI})
    poids: list[float] = []

    def recu(evenement: dict[str, Any]) -> None:
        poids.append(evenement["encodedDataLength"])

    outils.on("Network.loadingFinished", recu)
    return page, poids


def mesurer_la_premiere_vue(navigateur: Browser, site: str, nom: str) -> None:
    pires: dict[str, list[float]] = {page: [] for page in PAGES}
    poids_de: dict[str, list[float]] = {}
    for _ in range(FENETRES):
        for libelle, adresse in PAGES.items():
            page, poids_de[libelle] = ouvrir(navigateur, nom)
            page.goto(site + adresse, wait_until="networkidle")
            page.wait_for_timeout(1000)
            pires[libelle].append(page.evaluate(LONGUES_TACHES))
            page.context.close()
    for libelle, valeurs in pires.items():
        poids, suite = poids_de[libelle], ", ".join(f"{valeur:.0f}" for valeur in sorted(valeurs))
        dire(f"{nom}, {libelle} : première vue {sum(poids) / 1000:.0f} ko ({len(poids)} requêtes)")
        dire(f"    la plus longue tâche : médiane {statistics.median(valeurs):.0f} ms ({suite})")


def mesurer_les_gestes(navigateur: Browser, site: str, nom: str, dossier: Path | None) -> None:
    """Move and zoom; print the weights and the longest task."""
    page, poids = ouvrir(navigateur, nom)
    page.goto(f"{site}/carte/", wait_until="networkidle")
    page.wait_for_timeout(3000)
    photographier(page, nom, dossier)

    zone = page.locator("[data-carte]")
    zone.scroll_into_view_if_needed()
    boite = zone.bounding_box()
    assert boite is not None
    x, y = boite["x"] + boite["width"] / 2, boite["y"] + boite["height"] / 2

    def glisser() -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 120, y - 80, steps=12)
        page.mouse.up()

    def tourner_la_molette() -> None:
        page.mouse.move(x, y)
        page.mouse.wheel(0, -400)

    gestes = {
        "déplacer": glisser,
        "agrandir": lambda: page.get_by_role("button", name="Agrandir", exact=True).click(),
        "réduire": lambda: page.get_by_role("button", name="Réduire", exact=True).click(),
        "agrandir à la molette": tourner_la_molette,
    }
    navigateur.start_tracing(page=page, categories=["toplevel"])
    pires = []
    for libelle, geste in gestes.items():
        for _ in range(3):
            poids.clear()
            geste()
            page.wait_for_timeout(1500)
            pires.append((sum(poids) / 1000, libelle))
    lourd, libelle = max(pires)
    horloge, processeur = plus_longue_tache(navigateur.stop_tracing())
    dire(f"{nom} : un geste, {lourd:.1f} ko au plus ({libelle})")
    dire(f"    la plus longue tâche : {horloge:.0f} ms, {processeur:.0f} ms de processeur")
    page.context.close()


def plus_longue_tache(trace: bytes) -> tuple[float, float]:
    """Return the longest tasks of the page's main thread, in ms: by the clock, and by the processor."""
    evenements = json.loads(trace)["traceEvents"]
    principaux = {(e["pid"], e["tid"]) for e in evenements if e["name"] == "thread_name" and _est_principal(e)}
    taches = [e for e in evenements if e.get("ph") == "X" and (e["pid"], e["tid"]) in principaux]
    horloge, processeur = (max((e.get(cle, 0) for e in taches), default=0) / 1000 for cle in ("dur", "tdur"))
    return horloge, processeur


def _est_principal(evenement: dict[str, Any]) -> bool:
    return evenement["args"]["name"] == "CrRendererMain"


def photographier(page: Page, nom: str, dossier: Path | None) -> None:
    if dossier is None:
        return
    if nom == "téléphone":
        page.locator("[data-carte]").scroll_into_view_if_needed()
    page.screenshot(path=dossier / f"carte-{page.viewport_size['width']}.png")  # type: ignore[index]


def main() -> None:
    analyseur = argparse.ArgumentParser()
    analyseur.add_argument("site")
    analyseur.add_argument("--vue", action="store_true", help="the first view alone")
    analyseur.add_argument("--images", type=Path, metavar="FOLDER", help="keep pictures there")
    options = analyseur.parse_args()
    site = options.site.rstrip("/")
    with sync_playwright() as outil:
        navigateur = outil.chromium.launch(executable_path=chemin_du_navigateur(), args=arguments_du_navigateur())
        for nom in ECRANS:
            mesurer_la_premiere_vue(navigateur, site, nom)
            if not options.vue:
                mesurer_les_gestes(navigateur, site, nom, options.images)
        navigateur.close()
    if not options.vue:
        valider(site)


if __name__ == "__main__":
    main()
