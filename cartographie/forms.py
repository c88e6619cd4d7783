"""What people may ask of the list of places. Nothing here is ever an error: what makes no sense is left out."""

from typing import Any

from django import forms

from cartographie.standard import LISTES_FERMEES, SERVICES


class FormulaireRecherche(forms.Form):
    """Where, and which places."""

    ou = forms.CharField(
        label="Votre commune ou votre code postal",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    service = forms.ChoiceField(
        label="Aide proposée",
        required=False,
        choices=[("", "Toutes les aides"), *((service, service) for service in SERVICES)],
    )
    accueil = forms.ChoiceField(
        label="Accueil adapté",
        required=False,
        choices=[("", "Indifférent"), *((c, c) for c in LISTES_FERMEES["prise_en_charge_specifique"])],
    )
    reservable = forms.BooleanField(label="Avec des rendez-vous par Internet", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for champ in self.fields.values():  # nothing is required: "(facultatif)" would say nothing
            champ.sans_mention = True  # type: ignore[attr-defined]

    def demande(self) -> dict[str, Any]:
        """Return what was asked and makes sense."""
        self.is_valid()
        return {nom: self.cleaned_data.get(nom) or "" for nom in self.fields}
