"""The form of an absence: a rule that may also last several days, once."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from plages.forms_regle import CHAMPS_DE_LA_REGLE, JourField, RegleForm, controle_heure
from plages.models import Absence
from structures.models import Agent, Structure

FIN_AVANT_DEBUT = "La fin de l'absence doit être après son début."


class AbsenceForm(RegleForm[Absence]):
    """Create or edit an absence entered in `structure` (see RegleForm for `agents`)."""

    # Empty means the same day, so that moving a one-day absence is one date to change, not two.
    dernier_jour = JourField(label="Termine le", required=False, help_text="Vide : le même jour.")

    sans_fin = "l'absence se répète sans fin."
    champs_de_la_regle = (*CHAMPS_DE_LA_REGLE, "dernier_jour")
    champs_des_contraintes = {
        "plages_absence_frequence_connue": "frequence",
        "plages_absence_intervalle": "intervalle",
        "plages_absence_dates_sensees": "premier_jour",
        "plages_absence_fin_de_repetition": "jusqu_au",
        "plages_absence_fin_apres_debut": "heure_fin",
        "plages_absence_repetee_un_jour": "dernier_jour",
    }

    class Meta:
        model = Absence
        fields = ("titre", "agent", "premier_jour", "heure_debut", "dernier_jour", "heure_fin", *CHAMPS_DE_LA_REGLE[3:])
        labels = {"heure_debut": "Heure de début", "heure_fin": "Heure de fin"}
        widgets = {
            "titre": forms.TextInput(attrs={"autocomplete": "off"}),
            "heure_debut": controle_heure(),
            "heure_fin": controle_heure(),
        }

    def __init__(self, *args: Any, structure: Structure, agents: Iterable[Agent], **options: Any) -> None:
        super().__init__(*args, structure=structure, agents=agents, **options)
        self.fields["premier_jour"].label = "Commence le"
        self.fields["jusqu_au"].label = "Fin de la répétition"
        self._sans_mention("dernier_jour")
        absence = self.instance
        if self.nouvelle:
            demain = timezone.localdate(timezone=structure.tz) + timedelta(days=1)
            self._proposer(premier_jour=demain, dernier_jour=demain, heure_debut=time(9), heure_fin=time(18))
        if absence.dernier_jour == absence.premier_jour:
            self.initial["dernier_jour"] = None

    def clean_dernier_jour(self) -> date | None:
        jour = self.cleaned_data["dernier_jour"]
        return self.jour_sense(jour, "Le dernier jour") if jour else None

    def clean(self) -> dict[str, Any]:
        """Without a last day, it is the first one."""
        donnees = super().clean()
        premier_jour = donnees.get("premier_jour")
        if "dernier_jour" in donnees and premier_jour is not None:
            donnees["dernier_jour"] = donnees["dernier_jour"] or premier_jour
            if donnees["dernier_jour"] < premier_jour:
                self.add_error("dernier_jour", FIN_AVANT_DEBUT)
        return donnees
