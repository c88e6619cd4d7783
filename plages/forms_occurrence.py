"""The form that moves one date of a plage."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone

from plages.forms_regle import JourField, controle_heure
from plages.models import PlageOuverture
from plages.recurrence import en_utc
from plages.services import HORIZON, jours_fermes


class DeplacementForm(forms.Form):
    """Where the occurrence of `plage` named by `jour` goes."""

    nouveau_jour = JourField(label="Nouveau jour")
    heure_debut = forms.TimeField(label="De", widget=controle_heure())
    heure_fin = forms.TimeField(label="À", widget=controle_heure())

    def __init__(self, *args: Any, plage: PlageOuverture, jour: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.plage, self.jour = plage, jour

    def clean_nouveau_jour(self) -> date:
        jour: date = self.cleaned_data["nouveau_jour"]
        aujourd_hui = timezone.localdate()
        if jour < aujourd_hui:
            raise forms.ValidationError("Ce jour est passé.")
        if jour > aujourd_hui + HORIZON:
            raise forms.ValidationError("Ce jour est trop loin dans l'avenir.")
        fermes = jours_fermes(self.plage.structure, jour, jour)
        if jour in fermes:
            raison = f" ({fermes[jour]})" if fermes[jour] else ""
            raise forms.ValidationError(
                f"Ce jour est férié ou fermé{raison}. Un administrateur peut l'ouvrir dans Paramètres ▸ Fermetures."
            )
        return jour

    def clean(self) -> dict[str, Any]:
        """Refuse hours that make no ouverture, or one on top of another of the same plage."""
        donnees = super().clean() or self.cleaned_data
        jour, debut, fin = (donnees.get(champ) for champ in ("nouveau_jour", "heure_debut", "heure_fin"))
        if debut is None or fin is None:
            return donnees
        if fin <= debut:
            self.add_error("heure_fin", "L'heure de fin doit être après l'heure de début.")
        elif jour is not None:
            self._verifier_la_periode(*(en_utc(datetime.combine(jour, h), self.plage.tz) for h in (debut, fin)))
        return donnees

    def _verifier_la_periode(self, debut: datetime, fin: datetime) -> None:
        if fin <= debut:
            self.add_error("heure_debut", "À cause du changement d'heure, cette heure n'existe pas ce jour-là.")
        elif fin <= timezone.now():
            self.add_error("heure_fin", "Cette heure est passée.")
        elif self.plage.ouvertures.exclude(jour=self.jour).filter(periode__overlap=(debut, fin)).exists():
            self.add_error("nouveau_jour", "Cette plage est déjà ouverte à ce moment-là.")
