"""manage.py inviter_agents FICHIER.csv."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cartographie.fichiers import LIGNES_AFFICHEES, FichierIllisible, lire_fichier, lister
from cartographie.invitations import COLONNES, OBLIGATOIRES, inviter_agents


class Command(BaseCommand):
    help = (
        "Crée les structures d'un fichier CSV, leur lieu et deux motifs fermés, et invite leurs agents comme "
        f"administrateurs. Colonnes, dans n'importe quel ordre : {', '.join(OBLIGATOIRES)} ; "
        "et, facultative : adresse. Séparateur : virgule, point-virgule ou tabulation. "
        "Peut être relancée : rien n'est créé ni envoyé deux fois."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path, help="le fichier CSV des agents, une ligne par agent et structure")
        parser.add_argument("--details", action="store_true", help="affiche toutes les anomalies, sans limite")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tableau = lire_fichier(options["fichier"], obligatoires=OBLIGATOIRES, connues=COLONNES)
        except FichierIllisible as erreur:
            raise CommandError(str(erreur)) from erreur
        bilan = inviter_agents(lignes=tableau.lignes, maintenant=timezone.now())
        ecrire = self.stdout.write
        ecrire(f"Lignes lues : {bilan.lues}, chargées : {bilan.acceptees}, refusées : {bilan.lues - bilan.acceptees}")
        ecrire(f"Structures créées : {bilan.structures_creees}")
        ecrire(f"Agents créés : {bilan.agents_crees}, adresses e-mail changées : {bilan.courriels_changes}")
        ecrire(f"Invitations envoyées : {bilan.invitations}")
        limite = None if options["details"] else LIGNES_AFFICHEES
        for titre, anomalies in (
            ("Avertissements", [*tableau.avertissements, *bilan.avertissements]),
            ("Refus", bilan.refus),
        ):
            for ligne in lister(titre, anomalies, limite):
                ecrire(ligne)
