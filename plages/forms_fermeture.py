"""The form of a closing: some days on end, and why."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from plages.forms_regle import CINQ_ANS, JourField
from plages.models import JourParticulier
from plages.requetes_fermetures import DUREE_MAXIMUM
from structures.texte import en_ligne


class FermetureForm(forms.Form):
    """The first and last days (both included, local) on which a structure closes."""

    du = JourField(label="Premier jour")
    au = JourField(label="Dernier jour", required=False, help_text="Inclus. Vide : le même jour.")
    nom = forms.CharField(
        label="Raison",
        initial="Fermeture annuelle",
        max_length=JourParticulier._meta.get_field("nom").max_length,
        help_text="Visible par les agents seulement.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["au"].sans_mention = True  # type: ignore[attr-defined]

    def clean_du(self) -> date:
        jour: date = self.cleaned_data["du"]
        aujourd_hui = timezone.localdate()
        if jour < aujourd_hui:
            raise forms.ValidationError("Ce jour est passé.")
        if jour > aujourd_hui + CINQ_ANS:
            raise forms.ValidationError("Le premier jour ne peut pas être dans plus de 5 ans.")
        return jour

    def clean_nom(self) -> str:
        nom = en_ligne(self.cleaned_data["nom"])
        if not nom:
            raise forms.ValidationError(self.fields["nom"].error_messages["required"])
        return nom

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        du = donnees.get("du")
        if du is not None and "au" in donnees:
            donnees["au"] = donnees["au"] or du
            if donnees["au"] < du:
                self.add_error("au", "Le dernier jour doit être après le premier jour, ou le même.")
            elif donnees["au"] - du >= timedelta(days=DUREE_MAXIMUM):
                self.add_error("au", f"Une fermeture dure {DUREE_MAXIMUM} jours au plus.")
        return donnees
