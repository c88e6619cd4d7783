"""The recurrence rule in a form, shared by the plages and the absences: read and computed here, on the server."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from plages.models import FREQUENCES, PREMIER_JOUR_MINIMUM, RegleEnBase
from plages.mots import rang_dans_le_mois, rythme
from plages.recurrence import RANGS, Frequence
from structures.dates import JOURS
from structures.formulaires import ModeleForm
from structures.models import Agent, Structure

INTERVALLE_MAXIMUM = 5
CINQ_ANS = timedelta(days=5 * 365 + 2)
# INCHANGE: ranks that the first day does not give (imported, or several), kept as they are.
PAR_RANG, PAR_QUANTIEME, INCHANGE = "rang", "quantieme", "inchange"
CHAMPS_DE_LA_REGLE = ("premier_jour", "heure_debut", "heure_fin", "frequence", "intervalle", "jours", "jusqu_au")


class JourField(forms.DateField):
    """A day, typed in the browser's own date control."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _rangs(jour: date) -> list[list[int]]:
    """Return the rank that a first day gives to a monthly rule, as it is stored: [[ISO weekday, rank]]."""
    return [[jour.isoweekday(), rang_dans_le_mois(jour.day)]]


def _rang_et_jour(jour: date) -> str:
    return f"{RANGS[rang_dans_le_mois(jour.day)]} {JOURS[jour.weekday()]}"


def _minuscule(phrase: str) -> str:
    return phrase[:1].lower() + phrase[1:]


def controle_heure() -> forms.TimeInput:
    """Return the browser's own time control, in steps of five minutes."""
    return forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})


class RegleForm[M: RegleEnBase](ModeleForm[M]):
    """Create or edit a rule of `structure`; `sans_fin` completes "Vide : …" beside the last day of the repetition.

    `agents`: those for whom the present agent may create one; with a single one, the question is not asked. The agent
    of a rule never changes afterwards.
    """

    agent = forms.ModelChoiceField(Agent.objects.none(), label="Agent", empty_label=None)
    premier_jour = JourField(label="Premier jour")
    frequence = forms.ChoiceField(label="Répétition", widget=forms.RadioSelect)
    intervalle = forms.TypedChoiceField(label="Tous les combien ?", coerce=int, required=False)
    jours = forms.TypedMultipleChoiceField(
        label="Jours de la semaine",
        help_text="Sans aucun jour coché : celui du premier jour.",
        choices=[(numero, jour.capitalize()) for numero, jour in enumerate(JOURS, start=1)],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    mensuel = forms.ChoiceField(label="Quel jour du mois ?", required=False, widget=forms.RadioSelect)
    jusqu_au = JourField(label="Dernier jour", required=False)

    sans_fin = "sans fin."
    champs_de_la_regle: tuple[str, ...] = CHAMPS_DE_LA_REGLE

    def __init__(self, *args: Any, structure: Structure, agents: Iterable[Agent], **options: Any) -> None:
        super().__init__(*args, **options)
        regle: Any = self.instance  # `structure` and `agent` are columns of both models, not of their abstract parent
        self.nouvelle = regle.pk is None
        regle.structure = structure
        self.structure = structure
        self._regler_agent([agent.pk for agent in agents])
        self._regler_repetition(regle)
        self.fields["jusqu_au"].help_text = f"Inclus. Vide : {self.sans_fin}"
        self._sans_mention("jours", "mensuel", "intervalle")
        if self.nouvelle:
            self.initial["frequence"], self.initial["intervalle"] = Frequence.UNIQUE, 1

    def _sans_mention(self, *noms: str) -> None:
        """Read by composants/champ.html: "(facultatif)" would mislead, these depend on the other answers."""
        for nom in noms:
            self.fields[nom].sans_mention = True  # type: ignore[attr-defined]

    def _proposer(self, **valeurs: Any) -> None:
        """Fill in a new rule, for the page and for its preview."""
        for champ, valeur in valeurs.items():
            setattr(self.instance, champ, valeur)
            self.initial[champ] = valeur

    def _regler_agent(self, agents: list[int]) -> None:
        if self.nouvelle:
            self.instance.agent_id = agents[0]  # type: ignore[attr-defined]
        if not self.nouvelle or len(agents) < 2:
            del self.fields["agent"]
            return
        champ = self.fields["agent"]
        assert isinstance(champ, forms.ModelChoiceField)  # noqa: S101
        champ.queryset = Agent.objects.filter(pk__in=agents).order_by("nom", "prenom", "pk")
        self.initial.setdefault("agent", agents[0])

    def _regler_repetition(self, regle: Any) -> None:
        """Offer the usual repetitions, and any other that the rule already has."""
        frequences = [couple for couple in FREQUENCES if couple[0] != Frequence.JOUR or regle.frequence == couple[0]]
        intervalles = sorted({*range(1, INTERVALLE_MAXIMUM + 1), regle.intervalle})
        champs: Any = self.fields
        champs["frequence"].choices = frequences
        champs["intervalle"].choices = [(n, f"Une fois sur {n}" if n > 1 else "Chaque fois") for n in intervalles]
        jour = regle.premier_jour or timezone.localdate()
        mensuels = [
            (PAR_RANG, f"Le même jour de la semaine, par exemple le {_rang_et_jour(jour)} du mois"),
            (PAR_QUANTIEME, f"La même date, par exemple le {'1er' if jour.day == 1 else jour.day} du mois"),
        ]
        defaut = PAR_RANG
        self.rangs_gardes = list(regle.rangs) if regle.rangs and regle.rangs != _rangs(jour) else []
        if self.rangs_gardes:
            mensuels.append((INCHANGE, f"Comme aujourd'hui : {_minuscule(rythme(regle.regle))}"))
            defaut = INCHANGE
        elif regle.pk and not regle.rangs:
            defaut = PAR_QUANTIEME
        champs["mensuel"].choices = mensuels
        self.initial.setdefault("mensuel", defaut)

    # --- What the browser sent ------------------------------------------------------------------------------------
    def jour_sense(self, jour: date, debut_de_phrase: str) -> date:
        """Refuse a day too far back or ahead to be meant (reference-metier §2)."""
        if jour < PREMIER_JOUR_MINIMUM:
            raise forms.ValidationError(f"{debut_de_phrase} ne peut pas être avant 2018.")
        aujourd_hui = timezone.localdate(timezone=self.structure.tz)
        if jour > aujourd_hui + CINQ_ANS:
            raise forms.ValidationError(f"{debut_de_phrase} ne peut pas être dans plus de 5 ans.")
        return jour

    def clean_premier_jour(self) -> date:
        return self.jour_sense(self.cleaned_data["premier_jour"], "Le premier jour")

    def clean_jusqu_au(self) -> date | None:
        jour = self.cleaned_data["jusqu_au"]
        return self.jour_sense(jour, "Le dernier jour") if jour else None

    def clean(self) -> dict[str, Any]:
        """Keep of the rule only what its frequency uses."""
        donnees = super().clean() or self.cleaned_data
        frequence = donnees.get("frequence")
        if "intervalle" in donnees:
            donnees["intervalle"] = donnees["intervalle"] or 1
        if frequence == Frequence.UNIQUE:
            donnees["intervalle"], donnees["jusqu_au"] = 1, None
            # What was typed for a repetition that is not asked for is not an error.
            for champ in ("intervalle", "jusqu_au", "jours", "mensuel"):
                self.errors.pop(champ, None)
        if frequence != Frequence.SEMAINE:
            donnees["jours"] = []
            self.errors.pop("jours", None)
        premier_jour = donnees.get("premier_jour")
        mensuel = donnees.get("mensuel") if frequence == Frequence.MOIS else PAR_QUANTIEME
        if mensuel == INCHANGE:
            self.instance.rangs = self.rangs_gardes
        else:
            self.instance.rangs = _rangs(premier_jour) if mensuel != PAR_QUANTIEME and premier_jour else []
        return donnees

    @property
    def regle_lisible(self) -> bool:
        """Whether what is known is enough for a preview, whatever the rest says."""
        return not ({*self.champs_de_la_regle, "agent"} & set(self.errors)) and self.instance.regle.est_valide
