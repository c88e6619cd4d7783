"""The form of a plage d'ouverture: the rule is read and computed here, on the server."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from motifs.models import Motif
from plages.models import FREQUENCES, PREMIER_JOUR_MINIMUM, PlageOuverture
from plages.mots import rang_dans_le_mois, rythme
from plages.recurrence import JOURS, RANGS, Frequence
from structures.dates import duree
from structures.formulaires import ModeleForm
from structures.models import Agent, Lieu, Structure

INTERVALLE_MAXIMUM = 5
CINQ_ANS = timedelta(days=5 * 365 + 2)
# INCHANGE: ranks that the first day does not give (imported, or several), kept as they are.
PAR_RANG, PAR_QUANTIEME, INCHANGE = "rang", "quantieme", "inchange"


class MotifsField(forms.ModelMultipleChoiceField):
    """Motifs as checkboxes, each with what tells it from another of the same name."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        archive = " · archivé" if obj.archive_le else ""
        ouvert = " · en ligne" if obj.reservable_en_ligne and not obj.archive_le else ""
        return f"{obj.nom} · {duree(obj.duree)} · {obj.get_type_lieu_display().lower()}{ouvert}{archive}"


class LieuField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.nom}, {obj.commune}{'' if obj.ouvert else ' (fermé : non réservable)'}"


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


def _heure() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})


class PlageForm(ModeleForm[PlageOuverture]):
    """Create or edit a plage of `structure`.

    `agents`: those for whom the present agent may create one; with a single one, the question is not asked. The agent
    of a plage never changes afterwards.
    """

    agent = forms.ModelChoiceField(Agent.objects.none(), label="Agent", empty_label=None)
    motifs = MotifsField(
        Motif.objects.none(),
        label="Motifs",
        error_messages={"required": "Cochez au moins un motif."},
    )
    premier_jour = JourField(label="Premier jour")
    frequence = forms.ChoiceField(label="Répétition", widget=forms.RadioSelect)
    intervalle = forms.TypedChoiceField(label="Tous les combien ?", coerce=int, required=False)
    jours = forms.TypedMultipleChoiceField(
        label="Jours de la semaine",
        help_text="Sans aucun jour coché : celui du premier jour.",
        choices=[(numero, jour.capitalize()) for numero, jour in enumerate(JOURS, start=1)],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    mensuel = forms.ChoiceField(label="Quel jour du mois ?", required=False, widget=forms.RadioSelect)
    jusqu_au = JourField(label="Dernier jour", required=False, help_text="Inclus. Vide : la plage se répète sans fin.")

    champs_des_contraintes = {
        "plages_plage_frequence_connue": "frequence",
        "plages_plage_intervalle": "intervalle",
        "plages_plage_dates_sensees": "premier_jour",
        "plages_plage_fin_de_repetition": "jusqu_au",
        "plages_plage_fin_apres_debut": "heure_fin",
    }

    class Meta:
        model = PlageOuverture
        fields = (
            "titre",
            "agent",
            "motifs",
            "lieu",
            "premier_jour",
            "heure_debut",
            "heure_fin",
            "frequence",
            "intervalle",
            "jours",
            "jusqu_au",
        )
        field_classes = {"lieu": LieuField}
        labels = {"titre": "Nom de la plage", "heure_debut": "De", "heure_fin": "À", "lieu": "Lieu"}
        help_texts = {
            "titre": "Pour vous y retrouver : « Permanence du mardi ». Les apprenants ne le voient pas.",
            "lieu": "Il en faut un dès qu'un motif coché est sur place.",
        }
        widgets = {
            "titre": forms.TextInput(attrs={"autocomplete": "off"}),
            "heure_debut": _heure(),
            "heure_fin": _heure(),
        }

    def __init__(
        self,
        *args: Any,
        structure: Structure,
        agents: Iterable[Agent],
        motifs_coches: Iterable[int] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        plage: PlageOuverture = self.instance
        self.nouvelle = plage.pk is None
        plage.structure = structure
        self._regler_agent([agent.pk for agent in agents])
        deja = list(plage.motifs.values_list("pk", flat=True)) if plage.pk else []
        motifs = self.fields["motifs"]
        assert isinstance(motifs, MotifsField)  # noqa: S101 declared above, for the type checker
        motifs.queryset = structure.motifs.filter(Q(archive_le__isnull=True) | Q(pk__in=deja)).par_nom()
        lieu = self.fields["lieu"]
        assert isinstance(lieu, LieuField)  # noqa: S101
        lieu.queryset = structure.lieux.filter(Q(ouvert=True) | Q(pk=plage.lieu_id)).order_by(Lower("nom"), "pk")
        lieu.empty_label = "Choisissez un lieu"
        self._regler_repetition(plage)
        # Read by composants/champ.html: "(facultatif)" would mislead, these depend on the other answers.
        for nom in ("lieu", "jours", "mensuel", "intervalle"):
            self.fields[nom].sans_mention = True  # type: ignore[attr-defined]
        if self.nouvelle:
            self._proposer(structure, motifs_coches, lieu)

    def _regler_agent(self, agents: list[int]) -> None:
        if not self.nouvelle or len(agents) < 2:
            if self.nouvelle:
                self.instance.agent_id = agents[0]
            del self.fields["agent"]
            return
        champ = self.fields["agent"]
        assert isinstance(champ, forms.ModelChoiceField)  # noqa: S101
        champ.queryset = Agent.objects.filter(pk__in=agents).order_by("nom", "prenom", "pk")
        self.initial.setdefault("agent", agents[0])

    def _regler_repetition(self, plage: PlageOuverture) -> None:
        """Offer the usual repetitions, and any other that the plage already has."""
        frequences = [couple for couple in FREQUENCES if couple[0] != Frequence.JOUR or plage.frequence == couple[0]]
        intervalles = sorted({*range(1, INTERVALLE_MAXIMUM + 1), plage.intervalle})
        champs: Any = self.fields
        champs["frequence"].choices = frequences
        champs["intervalle"].choices = [(n, f"Une fois sur {n}" if n > 1 else "Chaque fois") for n in intervalles]
        jour = plage.premier_jour or timezone.localdate()
        mensuels = [
            (PAR_RANG, f"Le même jour de la semaine, par exemple le {_rang_et_jour(jour)} du mois"),
            (PAR_QUANTIEME, f"La même date, par exemple le {'1er' if jour.day == 1 else jour.day} du mois"),
        ]
        defaut = PAR_RANG
        self.rangs_gardes = list(plage.rangs) if plage.rangs and plage.rangs != _rangs(jour) else []
        if self.rangs_gardes:
            mensuels.append((INCHANGE, f"Comme aujourd'hui : {_minuscule(rythme(plage.regle))}"))
            defaut = INCHANGE
        elif plage.pk and not plage.rangs:
            defaut = PAR_QUANTIEME
        champs["mensuel"].choices = mensuels
        self.initial.setdefault("mensuel", defaut)

    def _proposer(self, structure: Structure, motifs_coches: Iterable[int], lieu: forms.ModelChoiceField) -> None:
        """Fill in what is most often right: today, the morning, the only lieu, the only motif, those asked for."""
        plage: PlageOuverture = self.instance
        plage.premier_jour = timezone.localdate(timezone=structure.tz)
        plage.heure_debut, plage.heure_fin = time(9), time(12)
        for champ in ("premier_jour", "heure_debut", "heure_fin"):
            self.initial[champ] = getattr(plage, champ)
        self.initial["motifs"] = list(motifs_coches)
        self.initial["frequence"], self.initial["intervalle"] = Frequence.UNIQUE, 1
        if not self.is_bound:
            seuls = list((lieu.queryset or Lieu.objects.none())[:2])
            if len(seuls) == 1:
                self.initial["lieu"] = seuls[0].pk

    # --- What the browser sent ------------------------------------------------------------------------------------
    def _jour_sense(self, jour: date, debut_de_phrase: str) -> date:
        if jour < PREMIER_JOUR_MINIMUM:
            raise forms.ValidationError(f"{debut_de_phrase} ne peut pas être avant 2018.")
        aujourd_hui = timezone.localdate(timezone=self.instance.structure.tz)
        if jour > aujourd_hui + CINQ_ANS:
            raise forms.ValidationError(f"{debut_de_phrase} ne peut pas être dans plus de 5 ans.")
        return jour

    def clean_premier_jour(self) -> date:
        return self._jour_sense(self.cleaned_data["premier_jour"], "Le premier jour")

    def clean_jusqu_au(self) -> date | None:
        jour = self.cleaned_data["jusqu_au"]
        return self._jour_sense(jour, "Le dernier jour") if jour else None

    def clean(self) -> dict[str, Any]:
        """Keep of the rule only what its frequency uses, and ask for a lieu when a motif is on site."""
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
        self._exiger_un_lieu(donnees)
        return donnees

    def _exiger_un_lieu(self, donnees: dict[str, Any]) -> None:
        """A lieu exactly when a motif is on site (reference-metier §2)."""
        if "motifs" not in donnees or "lieu" in self.errors:
            return
        if not any(motif.sur_place for motif in donnees["motifs"]):
            donnees["lieu"] = None
        elif donnees.get("lieu") is None:
            self.add_error("lieu", "Choisissez un lieu : un des motifs cochés est sur place.")

    @property
    def regle_lisible(self) -> bool:
        """Whether what is known is enough for a preview, whatever the rest says."""
        regle = {"premier_jour", "heure_debut", "heure_fin", "frequence", "intervalle", "jours", "jusqu_au", "agent"}
        return not (regle & set(self.errors)) and self.instance.regle.est_valide

    def motifs_choisis(self) -> list[Motif]:
        """Return the motifs ticked, those proposed when nothing was sent yet."""
        if self.is_bound:
            return list(self.cleaned_data.get("motifs", []))
        champ = self.fields["motifs"]
        assert isinstance(champ, MotifsField)  # noqa: S101
        coches = {getattr(motif, "pk", motif) for motif in self.initial.get("motifs", [])}
        return [motif for motif in champ.queryset or () if motif.pk in coches]
