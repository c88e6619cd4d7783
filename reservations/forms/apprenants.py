"""Forms of the learners, as agents know them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import PhoneNumber

from reservations.models import Apprenant
from reservations.telephones import lire_telephone
from structures.models import Structure
from structures.texte import en_ligne

LONGUEUR = 100  # of what is searched


class RechercheForm(forms.Form):
    """Search among the learners. A GET form: what is not valid is ignored, never an error."""

    q = forms.CharField(
        label="Nom ou téléphone",
        required=False,
        max_length=LONGUEUR,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["q"].sans_mention = True  # type: ignore[attr-defined]

    @property
    def texte(self) -> str:
        """What is searched, "" for nothing."""
        self.is_valid()
        return str(self.cleaned_data.get("q", "")).strip()


class PersonneForm(forms.Form):
    """How a name, an address and a number are read, typed by an agent or by the person; the fields are the form's."""

    departement = ""  # numbers are read as they are written there

    def clean_prenom(self) -> str:
        return self._en_ligne("prenom")

    def clean_nom(self) -> str:
        return self._en_ligne("nom")

    def _en_ligne(self, nom: str) -> str:
        valeur = en_ligne(self.cleaned_data[nom])
        if self.fields[nom].required and not valeur:  # invisible characters only
            raise ValidationError(self.fields[nom].error_messages["required"])
        return valeur

    def clean_courriel(self) -> str:
        """Between quotes, Django's field takes control characters, which no mail server does."""
        courriel = str(self.cleaned_data["courriel"])
        if not courriel.isprintable():
            raise ValidationError(self.fields["courriel"].error_messages["invalid"])
        return courriel

    def clean_telephone(self) -> PhoneNumber | str:
        saisie = self.cleaned_data["telephone"].strip()
        if not saisie:
            return ""
        numero = lire_telephone(saisie, departement=self.departement)
        if numero is None:
            raise ValidationError(_("Ce numéro n'existe pas. Vérifiez-le. Exemple : 06 12 34 56 78"))
        return numero

    def clean_adresse_domicile(self) -> str:
        """On one line: it goes into calendars."""
        lignes = self.cleaned_data["adresse_domicile"].splitlines()
        adresse = ", ".join(ligne.strip(" ,") for ligne in map(en_ligne, lignes) if ligne.strip(" ,"))
        if self.fields["adresse_domicile"].required and not adresse:
            raise ValidationError(self.fields["adresse_domicile"].error_messages["required"])
        return adresse


class IdentiteForm(PersonneForm):
    """Who a learner is. An agent may know neither an e-mail address nor a number."""

    prenom = forms.CharField(
        label="Prénom",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": "Écrivez le prénom."},
    )
    nom = forms.CharField(
        label="Nom",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": "Écrivez le nom."},
    )
    telephone = forms.CharField(
        label="Téléphone",
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    courriel = forms.EmailField(
        label="Adresse e-mail",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"invalid": "Cette adresse e-mail n'est pas complète. Exemple : jeanne.martin@exemple.fr"},
    )

    def __init__(self, *args: Any, structure: Structure, **options: Any) -> None:
        super().__init__(*args, **options)
        self.structure = structure
        self.departement = structure.departement

    def appliquer(self, apprenant: Apprenant) -> Apprenant:
        """Write what was typed on a learner, without saving them."""
        for champ in ("prenom", "nom", "telephone", "courriel"):
            setattr(apprenant, champ, self.cleaned_data[champ])
        return apprenant
