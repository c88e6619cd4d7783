"""What the agents' forms share: constraints said beside their field, and the page to come back to."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest
from django.urls import reverse

from structures.models import Structure
from structures.texte import en_ligne


class ModeleForm[M: models.Model](forms.ModelForm):  # Django's own class takes no parameter when the program runs
    """A ModelForm that says each violated constraint of the model beside the field that mends it.

    `champs_des_contraintes`: constraint name → field name. Django skips the constraints that name a column missing from
    the form (`structure`, given by the view); here only those of a field already in error are skipped.
    """

    instance: M
    champs_des_contraintes: Mapping[str, str] = {}

    def _clean_fields(self) -> None:
        """Keep one line of what is typed on one line: no line feed, and a name of invisible characters is empty."""
        super()._clean_fields()  # type: ignore[misc]
        for nom, champ in self.fields.items():
            valeur = self.cleaned_data.get(nom)
            if type(champ) is forms.CharField and isinstance(champ.widget, forms.TextInput) and valeur:
                self.cleaned_data[nom] = en_ligne(valeur)
                if champ.required and not self.cleaned_data[nom]:
                    self.add_error(nom, champ.error_messages["required"])

    def validate_constraints(self) -> None:
        modele: type[models.Model] = type(self.instance)
        for contrainte in modele._meta.constraints:
            try:
                contrainte.validate(modele, self.instance, exclude=set(self.errors))
            except ValidationError as erreur:
                self.ajouter_refus(contrainte.name, erreur)

    def ajouter_refus(self, contrainte: str, erreur: Any) -> None:
        """Add what a constraint says to its field, or above the form when the field is not shown."""
        champ = self.champs_des_contraintes.get(contrainte)
        self.add_error(champ if champ in self.fields else None, erreur)


def contrainte_violee(erreur: IntegrityError) -> str:
    """Return the name of the constraint that PostgreSQL refused, "" when it has none."""
    return getattr(getattr(erreur.__cause__, "diag", None), "constraint_name", None) or ""


def identifiants(textes: Iterable[str]) -> list[int]:
    """Return the ids among what the browser sends; what the column could not hold is no id."""
    return [int(texte) for texte in textes if texte.isascii() and texte.isdigit() and len(texte) < 19]


# Where a form may go back to: a fixed token in the address, never an address.
RETOURS = {"reservation-en-ligne": "reservations:reservation_en_ligne", "premiers-pas": "reservations:rendez_vous"}


def jeton_de_retour(request: HttpRequest) -> str:
    """Return the token `retour` of the request when it is a known one, else ""."""
    jeton = request.POST.get("retour") or request.GET.get("retour") or ""
    return jeton if jeton in RETOURS else ""


def adresse_de_retour(request: HttpRequest, structure: Structure, defaut: str) -> str:
    """Return the address to go to after a form: the page named by the token, else `defaut` (a URL name)."""
    nom = RETOURS.get(jeton_de_retour(request), defaut)
    return reverse(nom, kwargs={"structure_id": structure.pk})
