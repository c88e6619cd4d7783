"""manage.py importer_lieux FICHIER.csv [--structures FICHIER.csv] [--strict]."""

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from cartographie import standard
from cartographie.fichiers import LIGNES_AFFICHEES, Anomalie, FichierIllisible, lire_fichier, lister
from cartographie.services import INSEE_FOURNI, Bilan, importer_lieux

COLONNES_STRUCTURES = ("id_lieu", "id_structure", "nombre_aidants")


class Command(BaseCommand):
    help = "Importe les lieux d'un fichier du standard national « lieux de médiation numérique » v1.0.2."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path, help="le fichier CSV des lieux")
        parser.add_argument("--structures", type=Path, help="un CSV id_lieu, id_structure, nombre_aidants")
        parser.add_argument("--strict", action="store_true", help="une seule ligne refusée, et rien n'est écrit")
        parser.add_argument("--details", action="store_true", help="affiche toutes les anomalies, sans limite")

    def handle(self, *args: Any, **options: Any) -> None:
        depart = time.monotonic()
        try:
            lieux = lire_fichier(options["fichier"], obligatoires=standard.OBLIGATOIRES, connues=standard.COLONNES)
            structures = (
                lire_fichier(options["structures"], obligatoires=COLONNES_STRUCTURES[:2], connues=COLONNES_STRUCTURES)
                if options["structures"]
                else None
            )
        except FichierIllisible as erreur:
            raise CommandError(str(erreur)) from erreur
        rattachements, refus, avertissements = (
            standard.analyser_rattachements(structures.lignes) if structures is not None else (None, [], [])
        )
        bilan = importer_lieux(
            lignes=lieux.lignes,
            structures=rattachements,
            refus_prealables=refus,
            strict=options["strict"],
            suivre=partial(
                tqdm,
                desc="Lecture des lieux",
                unit=" lieux",
                disable=options["verbosity"] == 0,
                file=sys.stderr,
            ),
        )
        bilan.avertissements = [
            *lieux.avertissements,
            *(structures.avertissements if structures else []),
            *avertissements,
            *bilan.avertissements,
        ]
        if options["verbosity"] > 0:
            self._afficher(bilan, limite=None if options["details"] else LIGNES_AFFICHEES)
            self.stdout.write(f"Durée : {_nombre(time.monotonic() - depart, decimales=1)} s")
        if not bilan.ecrit:
            raise CommandError("Rien n'a été écrit : --strict refuse le fichier entier dès qu'une ligne est refusée.")

    def _afficher(self, bilan: Bilan, *, limite: int | None) -> None:
        ecrire = self.stdout.write
        ecrire("")
        ecrire(f"Lignes lues : {bilan.lues}")
        ecrire(f"Lieux chargés : {bilan.acceptees if bilan.ecrit else 0}")
        if bilan.ecrit:
            ecrire(f"  {bilan.lieux_crees} créés, {bilan.lieux_modifies} modifiés, {bilan.lieux_inchanges} déjà à jour")
            ecrire(f"Structures : {bilan.structures}, dont {bilan.structures_creees} créées")
        trouves = sum(nombre for methode, nombre in bilan.insee.items() if methode != INSEE_FOURNI)
        ecrire(
            f"Codes INSEE : {bilan.insee[INSEE_FOURNI]} donnés par le fichier, {trouves} trouvés, "
            f"{len(bilan.insee_introuvables)} introuvables"
        )
        for methode, nombre in bilan.insee.most_common():
            if methode != INSEE_FOURNI:
                ecrire(f"  {nombre} par : {methode}")
        self._lister("Communes introuvables", bilan.insee_introuvables, limite)
        self._lister("Avertissements", bilan.avertissements, limite)
        ecrire(f"Lignes refusées : {bilan.lignes_refusees}")
        self._lister("Refus", bilan.refus, limite)

    def _lister(self, titre: str, anomalies: list[Anomalie], limite: int | None) -> None:
        for ligne in lister(titre, anomalies, limite):
            self.stdout.write(ligne)


def _nombre(valeur: float, *, decimales: int) -> str:
    return f"{valeur:.{decimales}f}".replace(".", ",")
