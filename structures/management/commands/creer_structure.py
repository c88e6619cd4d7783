"""`manage.py creer_structure`: the first real structure and its admin, who chooses a password by e-mailed link."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from structures.comptes import DEPARTEMENT, creer_structure, envoyer_bienvenue, lien_mot_de_passe
from structures.models import Plateforme


class Command(BaseCommand):
    """Creates, or completes, a structure and its admin."""

    help = (
        "Crée une structure et son administrateur, qui reçoit par e-mail un lien pour choisir son mot de passe. "
        "Peut être relancée : rien n'est créé deux fois."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("nom", help='nom de la structure, par exemple "Médiathèque de Crest"')
        parser.add_argument("departement", help="code du département : 26, 2A, 974…")
        parser.add_argument("--courriel", required=True, help="adresse e-mail de l'administrateur")
        parser.add_argument("--prenom", default="", help="son prénom (inutile s'il a déjà un compte)")
        parser.add_argument("--nom-agent", default="", help="son nom (inutile s'il a déjà un compte)")
        parser.add_argument("--telephone", default="", help="numéro de téléphone de la structure")
        parser.add_argument(
            "--solidarites", action="store_true", help="structure sur RDV Solidarités : sans réservation en ligne"
        )
        parser.add_argument(
            "--afficher-le-lien", action="store_true", help="afficher le lien au lieu de l'envoyer par e-mail"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        departement = options["departement"].strip().upper()
        if not DEPARTEMENT.fullmatch(departement):
            raise CommandError(f"« {departement} » n'est pas un code de département : écrivez 26, 2A ou 974.")
        try:
            creation = creer_structure(
                nom=options["nom"],
                departement=departement,
                courriel=options["courriel"],
                prenom=options["prenom"],
                nom_agent=options["nom_agent"],
                telephone=options["telephone"],
                plateforme=Plateforme.SOLIDARITES if options["solidarites"] else Plateforme.AIDE_NUMERIQUE,
            )
        except ValidationError as erreur:
            lignes = [
                f"{champ} : {texte}" for champ, textes in erreur.message_dict.items() for texte in textes
            ]  # nothing was written: the transaction is undone
            raise CommandError("Rien n'a été créé.\n  " + "\n  ".join(lignes)) from erreur

        structure, agent = creation.structure, creation.agent
        etat = "créée" if creation.structure_creee else "existe déjà"
        self.stdout.write(f"Structure « {structure} » ({structure.departement}, {structure.fuseau}) : {etat}.")
        compte = "créé" if creation.agent_cree else "existe déjà"
        role = "ajouté comme administrateur" if creation.admin_ajoute else "déjà administrateur"
        self.stdout.write(f"Compte de {agent.nom_complet} <{agent.courriel}> : {compte}, {role}.")

        if options["afficher_le_lien"]:
            self.stdout.write(f"Lien pour choisir le mot de passe : {lien_mot_de_passe(agent)}")
        elif creation.admin_ajoute or not agent.has_usable_password():
            try:
                envoyer_bienvenue(agent, structure)
            except OSError as erreur:  # SMTP errors are OSErrors
                raise CommandError(
                    f"Tout est créé, mais l'e-mail n'est pas parti ({erreur}). Relancez la même commande, "
                    "ou ajoutez --afficher-le-lien."
                ) from erreur
            self.stdout.write(f"E-mail envoyé à {agent.courriel}.")
        else:
            self.stdout.write("Aucun e-mail envoyé : ce compte a déjà un mot de passe.")
