"""The form that cancels, with one message, some of the rendez-vous that an absence covers."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from reservations.courrier.redaction import noms
from reservations.forms.agent import AnnulationForm
from reservations.models import RendezVous
from reservations.requetes.rendez_vous import a_prevenir_soi_meme
from structures.dates import de_a


class RendezVousCouvertsForm(AnnulationForm):
    """`rendez_vous`: those offered, with their details. None is ticked beforehand: cancelling is never by default."""

    a_annuler = forms.TypedMultipleChoiceField(
        label="Rendez-vous à annuler",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Cochez les rendez-vous à annuler.",
            "invalid_choice": "Un rendez-vous coché n'est plus à annuler. Voici ceux qui restent.",
        },
    )
    field_order = ("a_annuler", "message")

    def __init__(self, *args: Any, rendez_vous: Sequence[RendezVous], **options: Any) -> None:
        super().__init__(*args, **options)
        self.rendez_vous = rendez_vous
        champ: Any = self.fields["a_annuler"]
        champ.choices = [(rdv.pk, self._libelle(rdv)) for rdv in rendez_vous]
        self.fields["message"].label = "Message pour les personnes"

    @staticmethod
    def _libelle(rdv: RendezVous) -> str:
        return f"{de_a(timezone.localtime(rdv.debut), timezone.localtime(rdv.fin)).capitalize()} · {noms(rdv)}"

    def lignes(self) -> list[tuple[Any, RendezVous, bool]]:
        """Return each checkbox with its rendez-vous, and whether someone in it must be told by other means."""
        return [
            (case, rdv, bool(a_prevenir_soi_meme(rdv)))
            for case, rdv in zip(self["a_annuler"].subwidgets, self.rendez_vous, strict=True)
        ]

    def choisis(self) -> list[RendezVous]:
        """Return the rendez-vous ticked."""
        return [rdv for rdv in self.rendez_vous if rdv.pk in self.cleaned_data["a_annuler"]]
