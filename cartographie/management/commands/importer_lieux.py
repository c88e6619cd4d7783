"""manage.py importer_lieux FICHIER.csv [--structures FICHIER.csv] [--essai] [--complet] [--strict]."""

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from cartographie import standard
from cartographie.bilan import GENRES, Bilan, TropDeFermetures
from cartographie.fichiers import LIGNES_AFFICHEES, Anomalie, FichierIllisible, lire_fichier, lister
from cartographie.services import importer_lieux
from cartographie.situation import INSEE_FOURNI

COLONNES_STRUCTURES = ("id_lieu", "id_structure", "nombre_aidants")


class Command(BaseCommand):
    help = "Importe les lieux d'un fichier du standard national « lieux de médiation numérique » v1.0.2."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path, help="le fichier CSV des lieux")
        parser.add_argument("--structures", type=Path, help="un CSV id_lieu, id_structure, nombre_aidants")
        parser.add_argument("--strict", action="store_true", help="une seule ligne refusée, et rien n'est écrit")
        parser.add_argument("--essai", action="store_true", help="montre ce qui changerait, et n'écrit rien")
        parser.add_argument(
            "--complet", action="store_true", help="le fichier est entier : les lieux qui n'y sont plus sont fermés"
        )
        parser.add_argument("--fermer-au-plus", type=int, metavar="N", help="avec --complet : un dixième par défaut")
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
        try:
            bilan = importer_lieux(
                lignes=lieux.lignes,
                structures=rattachements,
                refus_prealables=refus,
                **{nom: options[nom] for nom in ("strict", "complet", "fermer_au_plus", "essai")},
                suivre=partial(
                    tqdm,
                    desc="Lecture des lieux",
                    unit=" lieux",
                    disable=options["verbosity"] == 0,
                    file=sys.stderr,
                ),
            )
        except TropDeFermetures as erreur:
            raise CommandError(f"{erreur} Rien n'a été écrit.") from erreur
        bilan.avertissements = [
            *lieux.avertissements,
            *(structures.avertissements if structures else []),
            *avertissements,
            *bilan.avertissements,
        ]
        if options["verbosity"] > 0:
            if options["essai"]:
                self.stdout.write("Essai : rien n'est écrit. Voici ce que ferait ce fichier.")
            self._afficher(bilan, limite=None if options["details"] else LIGNES_AFFICHEES)
            self.stdout.write(f"Durée : {_nombre(time.monotonic() - depart, decimales=1)} s")
        if not bilan.ecrit and not options["essai"]:
            raise CommandError("Rien n'a été écrit : --strict refuse le fichier entier dès qu'une ligne est refusée.")

    def _afficher(self, bilan: Bilan, *, limite: int | None) -> None:
        ecrire = self.stdout.write
        ecrire("")
        ecrire(f"Lignes lues : {bilan.lues}")
        ecrire(f"Lieux chargés : {bilan.acceptees if bilan.traite else 0}")
        if bilan.traite:
            ecrire(f"  {bilan.lieux_crees} créés, {bilan.lieux_modifies} modifiés, {bilan.lieux_inchanges} déjà à jour")
            ecrire(f"Structures : {bilan.structures}, dont {bilan.structures_creees} créées")
        self._lister_les_changements(bilan, limite)
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

    def _lister_les_changements(self, bilan: Bilan, limite: int | None) -> None:
        for genre in GENRES:
            changements = [changement for changement in bilan.changements if changement.genre == genre]
            if changements:
                self.stdout.write(f"{genre} : {len(changements)}")
            for changement in changements[:limite]:
                self.stdout.write(f"    {changement}")
            if limite is not None and len(changements) > limite:
                self.stdout.write(f"    … et {len(changements) - limite} de plus (--details les affiche tous)")

    def _lister(self, titre: str, anomalies: list[Anomalie], limite: int | None) -> None:
        for ligne in lister(titre, anomalies, limite):
            self.stdout.write(ligne)


def _nombre(valeur: float, *, decimales: int) -> str:
    return f"{valeur:.{decimales}f}".replace(".", ",")
