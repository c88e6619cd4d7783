"""Forms of what agents say of themselves and of their structure."""

from typing import Any

from django import forms

from structures.formulaires import ModeleForm
from structures.models import Agent, Structure


class MonCompteForm(ModeleForm[Agent]):
    """My name, my visioconférence room, the e-mails I receive. My address identifies the account: not changed here."""

    def clean_url_visio(self) -> str:
        """A room that a browser opens: the model's field also takes ftp://, which leads a learner nowhere."""
        adresse = str(self.cleaned_data["url_visio"])
        if adresse and not adresse.lower().startswith(("http://", "https://")):
            raise forms.ValidationError("L'adresse doit commencer par https://")
        return adresse

    class Meta:
        model = Agent
        fields = ("prenom", "nom", "url_visio", "messages_recus", "prenom_public")
        widgets = {
            "messages_recus": forms.RadioSelect(),
            "prenom": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "nom": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "url_visio": forms.URLInput(attrs={"autocomplete": "off"}),
        }


class AgendaExterneForm(ModeleForm[Agent]):
    """What my agenda says to the programs that follow it."""

    class Meta:
        model = Agent
        fields = ("agenda_detaille",)


class StructureForm(ModeleForm[Structure]):
    """What learners read of the structure, how they reach it, and until when they change a rendez-vous alone."""

    champs_des_contraintes = {
        "structures_annulation_heures": "annulation_heures",
        "structures_deplacement_heures": "deplacement_heures",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.reservation_en_ligne_possible:
            del self.fields["liste_d_attente"]

    class Meta:
        model = Structure
        fields = (
            "nom",
            "telephone",
            "courriel",
            "rappel_48h",
            "rappel_2h",
            "annulation_heures",
            "deplacement_heures",
            "liste_d_attente",
        )
        labels = {
            "annulation_heures": "Annuler par Internet : jusqu'à combien d'heures avant ?",
            "deplacement_heures": "Déplacer par Internet : jusqu'à combien d'heures avant ?",
        }
        help_texts = {
            "nom": "Tel que les personnes vous connaissent. Il est écrit en haut de vos pages de rendez-vous.",
            "telephone": "Donné aux personnes qui n'arrivent pas à prendre rendez-vous par Internet.",
            "courriel": "Les réponses aux messages de rendez-vous y arrivent.",
            "rappel_48h": "La personne reçoit un e-mail, ou un SMS si elle n'a pas d'adresse e-mail.",
            "rappel_2h": "Utile surtout aux personnes qui lisent leurs messages sur leur téléphone.",
            "annulation_heures": "4 : jusqu'à 4 heures avant. 0 : jusqu'au début du rendez-vous.",
            "deplacement_heures": "48 : jusqu'à 2 jours avant. 0 : jusqu'au début du rendez-vous.",
            "liste_d_attente": "Quand rien n'est libre, une personne demande à être prévenue. Chaque place "
            "libérée est proposée à une seule personne à la fois, et gardée 30 minutes pour elle.",
        }
        widgets = {
            "nom": forms.TextInput(attrs={"autocomplete": "organization"}),
            "telephone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "courriel": forms.EmailInput(attrs={"autocomplete": "off"}),
            "annulation_heures": forms.NumberInput(attrs={"class": "rdv-court", "inputmode": "numeric"}),
            "deplacement_heures": forms.NumberInput(attrs={"class": "rdv-court", "inputmode": "numeric"}),
        }
