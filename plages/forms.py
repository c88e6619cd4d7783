"""The form of a plage d'ouverture: a rule, some motifs, a lieu."""

from collections.abc import Iterable
from copy import copy
from datetime import time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from motifs.models import Motif
from plages.forms_regle import CHAMPS_DE_LA_REGLE, RegleForm, controle_heure
from plages.models import PAUSE_MAXIMUM, PlageOuverture
from structures.dates import duree
from structures.models import Agent, Lieu, Structure

# Other time ranges of the same days, asked for on a new plage.
HORAIRES_EN_PLUS = (2, 3, 4)
# Proposed for a new plage.
MATIN = time(9), time(12)


def _noms_des_heures(n: int) -> tuple[str, str]:
    return f"heure_debut_{n}", f"heure_fin_{n}"


class MotifsField(forms.ModelMultipleChoiceField):
    """Motifs as checkboxes, each with what tells it from another of the same name."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        archive = " · archivé" if obj.archive_le else ""
        ouvert = " · en ligne" if obj.reservable_en_ligne and not obj.archive_le else ""
        return f"{obj.nom} · {duree(obj.duree)} · {obj.get_type_lieu_display().lower()}{ouvert}{archive}"


class LieuField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.nom}, {obj.commune}{'' if obj.ouvert else ' (fermé : non réservable)'}"


class PlageForm(RegleForm[PlageOuverture]):
    """Create or edit a plage of `structure` (see RegleForm for `agents`); `motifs_coches`: ticked on a new one.

    A new one may be given other hours of the same days: each makes a plage of its own.
    """

    motifs = MotifsField(
        Motif.objects.none(),
        label="Motifs",
        error_messages={"required": "Cochez au moins un motif."},
    )
    pause = forms.IntegerField(
        label="Pause après chaque rendez-vous, en minutes",
        help_text="Le créneau suivant commence après cette pause. Sans rendez-vous, les créneaux ne changent pas.",
        required=False,
        initial=0,
        min_value=0,
        max_value=PAUSE_MAXIMUM,
        widget=forms.NumberInput(attrs={"step": 5}),
    )
    sans_fin = "la plage se répète sans fin."
    champs_des_contraintes = {
        "plages_plage_frequence_connue": "frequence",
        "plages_plage_intervalle": "intervalle",
        "plages_plage_dates_sensees": "premier_jour",
        "plages_plage_fin_de_repetition": "jusqu_au",
        "plages_plage_fin_apres_debut": "heure_fin",
        "plages_plage_pause": "pause",
    }

    class Meta:
        model = PlageOuverture
        fields = ("titre", "agent", "motifs", "lieu", *CHAMPS_DE_LA_REGLE, "pause")
        field_classes = {"lieu": LieuField}
        labels = {"titre": "Nom de la plage", "heure_debut": "De", "heure_fin": "À", "lieu": "Lieu"}
        help_texts = {
            "titre": "Pour vous y retrouver : « Permanence du mardi ». Les apprenants ne le voient pas.",
            "lieu": "Il en faut un dès qu'un motif coché est sur place.",
        }
        widgets = {
            "titre": forms.TextInput(attrs={"autocomplete": "off"}),
            "heure_debut": controle_heure(),
            "heure_fin": controle_heure(),
        }

    def __init__(
        self,
        *args: Any,
        structure: Structure,
        agents: Iterable[Agent],
        motifs_coches: Iterable[int] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, structure=structure, agents=agents, **options)
        plage: PlageOuverture = self.instance
        self.autres_heures: list[tuple[time, time]] = []
        if self.nouvelle:
            self._demander_d_autres_heures()
        deja = list(plage.motifs.values_list("pk", flat=True)) if plage.pk else []
        motifs = self.fields["motifs"]
        assert isinstance(motifs, MotifsField)  # noqa: S101 declared above, for the type checker
        motifs.queryset = structure.motifs.filter(Q(archive_le__isnull=True) | Q(pk__in=deja)).par_nom()
        lieu = self.fields["lieu"]
        assert isinstance(lieu, LieuField)  # noqa: S101
        lieu.queryset = structure.lieux.filter(Q(ouvert=True) | Q(pk=plage.lieu_id)).order_by(Lower("nom"), "pk")
        lieu.empty_label = "Choisissez un lieu"
        self._sans_mention("lieu", "pause")
        if self.nouvelle:
            self._proposer_une_plage(motifs_coches, lieu)

    def _demander_d_autres_heures(self) -> None:
        for n in HORAIRES_EN_PLUS:
            for nom, libelle in zip(_noms_des_heures(n), (f"Horaire {n} : de", f"Horaire {n} : à"), strict=True):
                self.fields[nom] = forms.TimeField(label=libelle, required=False, widget=controle_heure())
                self._sans_mention(nom)
                self.champs_de_la_regle = (*self.champs_de_la_regle, nom)

    @property
    def horaires_en_plus(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return the two fields of each other range that may be asked for."""
        if not self.nouvelle:
            return []
        return [(self[debut], self[fin]) for debut, fin in map(_noms_des_heures, HORAIRES_EN_PLUS)]

    @property
    def horaires_ouverts(self) -> bool:
        """Whether something was typed there: it must be seen again."""
        return any(champ.value() for champs in self.horaires_en_plus for champ in champs)

    def plages(self) -> list[PlageOuverture]:
        """Return the plage, and those of the other hours."""
        autres = [copy(self.instance) for _ in self.autres_heures]
        for plage, (debut, fin) in zip(autres, self.autres_heures, strict=True):
            plage.heure_debut, plage.heure_fin = debut, fin
        return [self.instance, *autres]

    def _proposer_une_plage(self, motifs_coches: Iterable[int], lieu: forms.ModelChoiceField) -> None:
        """Fill in what is most often right: the next whole morning, the only lieu, the only motif, those asked for."""
        ici = timezone.localtime(timezone=self.structure.tz)
        jour = ici.date() + timedelta(days=1 if ici.time() >= MATIN[0] else 0)
        self._proposer(premier_jour=jour, heure_debut=MATIN[0], heure_fin=MATIN[1])
        self.initial["motifs"] = list(motifs_coches)
        if not self.is_bound:
            seuls = list((lieu.queryset or Lieu.objects.none())[:2])
            if len(seuls) == 1:
                self.initial["lieu"] = seuls[0].pk

    def clean_pause(self) -> int:
        return self.cleaned_data["pause"] or 0

    def clean(self) -> dict[str, Any]:
        """Ask for a lieu when a motif is on site."""
        donnees = super().clean()
        self._exiger_un_lieu(donnees)
        if self.nouvelle:
            self._lire_les_autres_heures(donnees)
        return donnees

    def _lire_les_autres_heures(self, donnees: dict[str, Any]) -> None:
        """Keep the complete ranges; refuse one that is half typed, upside down, or over another."""
        prises = [(donnees.get("heure_debut"), donnees.get("heure_fin"))]
        for n in HORAIRES_EN_PLUS:
            champ_debut, champ_fin = _noms_des_heures(n)
            debut, fin = donnees.get(champ_debut), donnees.get(champ_fin)
            if {champ_debut, champ_fin} & set(self.errors) or debut is fin is None:
                continue
            if debut is None or fin is None:
                self.add_error(champ_fin if fin is None else champ_debut, "Donnez les deux heures, ou aucune.")
            elif fin <= debut:
                self.add_error(champ_fin, "L'heure de fin doit être après l'heure de début.")
            elif any(d and f and debut < f and d < fin for d, f in prises):
                self.add_error(champ_debut, "Ces heures en chevauchent d'autres de ce formulaire.")
            else:
                prises.append((debut, fin))
                self.autres_heures.append((debut, fin))

    def _exiger_un_lieu(self, donnees: dict[str, Any]) -> None:
        """A lieu exactly when a motif is on site (reference-metier §2)."""
        if "motifs" not in donnees or "lieu" in self.errors:
            return
        if not any(motif.sur_place for motif in donnees["motifs"]):
            donnees["lieu"] = None
        elif donnees.get("lieu") is None:
            self.add_error("lieu", "Choisissez un lieu : un des motifs cochés est sur place.")

    def motifs_choisis(self) -> list[Motif]:
        """Return the motifs ticked, those proposed when nothing was sent yet."""
        if self.is_bound:
            return list(self.cleaned_data.get("motifs", []))
        champ = self.fields["motifs"]
        assert isinstance(champ, MotifsField)  # noqa: S101
        coches = {getattr(motif, "pk", motif) for motif in self.initial.get("motifs", [])}
        return [motif for motif in champ.queryset or () if motif.pk in coches]
