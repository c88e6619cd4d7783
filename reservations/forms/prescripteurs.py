"""Forms of the prescribers: who they are, whom they accompany."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from motifs.models import Motif, TypeLieu
from reservations.forms.apprenants import IdentiteForm, PersonneForm
from structures.texte import en_ligne, sans_controle

ADRESSE = re.compile(r"://|www\.|@", re.IGNORECASE)


class SansAdresse(PersonneForm):
    """Names that go, in our messages, to people whose contact nobody proved: no link travels in them."""

    def _en_ligne(self, nom: str) -> str:
        valeur = super()._en_ligne(nom)
        if ADRESSE.search(valeur):
            raise ValidationError("Écrivez seulement le nom, sans adresse de site ni e-mail.")
        return valeur


class PrescripteurForm(SansAdresse):
    """Who a prescriber is, except their address, which a code proves."""

    prenom = forms.CharField(
        label="Prénom",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "given-name", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": "Écrivez votre prénom."},
    )
    nom = forms.CharField(
        label="Nom",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "family-name", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": "Écrivez votre nom."},
    )
    organisation = forms.CharField(
        label="Organisation",
        max_length=150,
        help_text="Par exemple : CCAS de Crest, France Services de Die.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Écrivez le nom de votre organisation."},
    )
    telephone = forms.CharField(
        label="Téléphone professionnel",
        max_length=30,
        help_text="Pour que le conseiller numérique puisse vous rappeler.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"required": "Écrivez le numéro où vous joindre."},
    )

    def __init__(self, *args: Any, departement: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.departement = departement

    def clean_organisation(self) -> str:
        return self._en_ligne("organisation")


class FormulairePrescripteur(PrescripteurForm):
    """The same, with where the code goes."""

    courriel = forms.EmailField(
        label="E-mail professionnel",
        max_length=254,
        help_text="Nous y envoyons un code à 6 chiffres, une seule fois sur cet appareil.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={
            "required": "Écrivez votre adresse e-mail.",
            "invalid": "Cette adresse e-mail n'est pas complète. Exemple : lea.roux@exemple.fr",
        },
    )


class FormulaireCourriel(forms.Form):
    """Where the code of an already known prescriber goes."""

    courriel = forms.CharField(
        label="Votre e-mail professionnel",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Écrivez votre adresse e-mail."},
    )

    def clean_courriel(self) -> str:
        courriel = en_ligne(self.cleaned_data["courriel"])
        try:
            validate_email(courriel)
        except ValidationError as erreur:
            raise ValidationError("Écrivez une adresse e-mail complète (lea.roux@exemple.fr).") from erreur
        if not courriel.isprintable():
            raise ValidationError("Écrivez une adresse e-mail complète (lea.roux@exemple.fr).")
        return courriel


class FormulaireBeneficiaire(SansAdresse, IdentiteForm):
    """The person accompanied: their name, how to reach them if anybody can, and a word for the agent."""

    adresse_domicile = forms.CharField(
        label="Adresse où aller",
        max_length=300,
        help_text="Numéro, rue, code postal et commune. Étage ou code de la porte s'il y en a.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        error_messages={"required": "Écrivez l'adresse où aller."},
    )
    note = forms.CharField(
        label="Note pour le conseiller numérique",
        required=False,
        max_length=500,
        help_text="Ce qui l'aide à préparer le rendez-vous. N'écrivez rien de sensible : santé, situation sociale ou "
        "judiciaire, mot de passe, numéro de sécurité sociale.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, motif: Motif, **options: Any) -> None:
        super().__init__(*args, structure=motif.structure, **options)
        telephone = self.fields["telephone"]
        telephone.required = motif.type_lieu == TypeLieu.TELEPHONE
        telephone.error_messages["required"] = "Écrivez le numéro où appeler cette personne."
        telephone.help_text = (
            "Le numéro où le conseiller l'appellera."
            if telephone.required
            else "Un téléphone fixe convient, mais ne reçoit pas de SMS."
        )
        if motif.type_lieu != TypeLieu.DOMICILE:
            del self.fields["adresse_domicile"]

    def clean_note(self) -> str:
        return sans_controle(self.cleaned_data["note"]).strip()
