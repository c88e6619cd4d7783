"""The form of a lieu."""

import re
from typing import Any

from django import forms

from structures.formulaires import ModeleForm
from structures.models import Lieu, Structure


class LieuForm(ModeleForm[Lieu]):
    """Create or edit a lieu of `structure`."""

    champs_des_contraintes = {"structures_lieu_code_postal": "code_postal"}

    # Longer than a postcode, so that "26 400" can be typed: the model's own limit would cut its last figure.
    code_postal = forms.CharField(
        label="Code postal",
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "rdv-court"}),
    )

    class Meta:
        model = Lieu
        fields = ("nom", "adresse", "complement_adresse", "code_postal", "commune", "telephone", "ouvert")
        labels = {"ouvert": "Lieu ouvert"}
        help_texts = {
            "nom": "Tel que les personnes le connaissent : « Médiathèque de Crest ».",
            "complement_adresse": "Bâtiment, étage, entrée…",
            "telephone": "Donné aux personnes qui ont rendez-vous ici.",
            "ouvert": "Décochez pour ne plus proposer ce lieu à la réservation en ligne. Les rendez-vous pris restent.",
        }
        widgets = {
            "adresse": forms.TextInput(attrs={"autocomplete": "off"}),
            "complement_adresse": forms.TextInput(attrs={"autocomplete": "off"}),
            "commune": forms.TextInput(attrs={"autocomplete": "off"}),
            "telephone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, structure: Structure, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.structure = structure
        if not self.instance.pk:
            del self.fields["ouvert"]  # a new lieu is open: nothing to ask

    def clean_code_postal(self) -> str:
        """Forgive the space of "26 400"."""
        code = "".join(str(self.cleaned_data["code_postal"]).split())
        if not re.fullmatch(r"[0-9]{5}", code):
            raise forms.ValidationError("Le code postal doit avoir cinq chiffres.")
        return code
