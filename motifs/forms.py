"""The form of a motif."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from motifs.models import DELAIS, DUREE_MAXIMUM, DUREE_MINIMUM, Motif, MotifQuerySet, TypeLieu, delai_en_mots
from structures.formulaires import ModeleForm
from structures.models import Structure

RESERVATION_EN_LIGNE = ("reservable_en_ligne", "ouvert_a", "delai_min", "delai_max")
SANS_CONSIGNE = "Laissez vide s'il n'y a rien à dire."


def _cle(delai: timedelta) -> str:
    return str(int(delai.total_seconds()))


class DelaiField(forms.TypedChoiceField):
    """A delay picked in the usual list; a stored value that is not in it stays selectable."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=[(_cle(delai), libelle) for delai, libelle in DELAIS],
            coerce=lambda cle: timedelta(seconds=int(cle)),
            **options,
        )

    def proposer(self, delai: timedelta) -> None:
        """Add a delay to the choices, at its place, unless it is there."""
        proposes = {connu: str(libelle) for connu, libelle in DELAIS}
        proposes.setdefault(delai, delai_en_mots(delai))
        self.choices = [(_cle(d), libelle) for d, libelle in sorted(proposes.items())]

    def prepare_value(self, value: Any) -> Any:
        return _cle(value) if isinstance(value, timedelta) else value


class MotifForm(ModeleForm[Motif]):
    """Create or edit a motif of `structure`. `type_fige`: rendez-vous exist, their kind of place cannot change."""

    delai_min = DelaiField(
        label="Délai minimum avant le rendez-vous",
        help_text="En deçà, il est trop tard pour réserver : le temps de vous préparer.",
    )
    delai_max = DelaiField(
        label="Délai maximum avant le rendez-vous",
        help_text="Au-delà, il est trop tôt : vos créneaux ne sont pas encore montrés.",
    )
    champs_des_contraintes = {
        "motifs_nom_unique": "nom",
        "motifs_type_lieu_connu": "type_lieu",
        "motifs_ouvert_a_connu": "ouvert_a",
        "motifs_couleur": "couleur",
        "motifs_duree": "duree",
        "motifs_delais_bornes": "delai_max",
        "motifs_delai_max_superieur": "delai_max",
        "motifs_plateforme_solidarites": "reservable_en_ligne",
    }

    class Meta:
        model = Motif
        fields = (
            "nom",
            "type_lieu",
            "duree",
            "couleur",
            *RESERVATION_EN_LIGNE,
            "instructions_a_accepter",
            "information_apres",
            "message_annulation",
        )
        labels = {"duree": "Durée, en minutes", "ouvert_a": "Qui peut réserver ?"}
        help_texts = {
            "nom": "C'est ce que les personnes lisent en premier : « Accompagnement individuel », « Atelier photos »…",
            "duree": "De 5 minutes à 12 heures (720 minutes). Vos plages d'ouverture sont découpées selon cette durée.",
            "couleur": "Elle vous aide à reconnaître ce motif d'un coup d'œil.",
            "reservable_en_ligne": "Les créneaux de vos plages d'ouverture pour ce motif pourront être réservés "
            "par Internet.",
            "instructions_a_accepter": "Les conditions d'accès au rendez-vous : un formulaire à remplir, un document "
            "ou du matériel à apporter… La personne les lit et les accepte avant de réserver. Les adresses web "
            f"(https://…) deviennent des liens. {SANS_CONSIGNE}",
            "information_apres": "Affichées une fois le rendez-vous pris, et jointes au message de confirmation. "
            f"Les adresses web deviennent des liens. {SANS_CONSIGNE}",
            "message_annulation": f"Affiché à la personne qui s'apprête à annuler son rendez-vous. {SANS_CONSIGNE}",
        }
        widgets = {
            "nom": forms.TextInput(attrs={"autocomplete": "off"}),
            "type_lieu": forms.RadioSelect,
            "duree": forms.NumberInput(attrs={"min": DUREE_MINIMUM, "max": DUREE_MAXIMUM, "step": 5}),
            "couleur": forms.TextInput(attrs={"type": "color", "class": "rdv-couleur"}),
            "ouvert_a": forms.RadioSelect,
            "instructions_a_accepter": forms.Textarea(attrs={"rows": 5}),
            "information_apres": forms.Textarea(attrs={"rows": 5}),
            "message_annulation": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, structure: Structure, type_fige: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.structure = structure
        if not structure.reservation_en_ligne_possible:
            for champ in RESERVATION_EN_LIGNE:
                del self.fields[champ]
        else:
            for nom in ("delai_min", "delai_max"):
                champ_delai = self.fields[nom]
                assert isinstance(champ_delai, DelaiField)  # noqa: S101 declared above, for the type checker
                champ_delai.proposer(getattr(self.instance, nom))
                champ_delai.initial = getattr(self.instance, nom)
        if type_fige:
            self.fields["type_lieu"].disabled = True
            self.fields["type_lieu"].help_text = (
                "Des rendez-vous ont déjà été pris pour ce motif : leur type ne peut plus changer. "
                "Pour un autre type, créez un nouveau motif."
            )

    def delais_en_erreur(self) -> bool:
        """Whether the online-booking fields must be shown although the box is not ticked."""
        return any(champ in self.errors for champ in RESERVATION_EN_LIGNE)


class FiltreForm(forms.Form):
    """Search in the list of motifs. A GET form: what is not valid is ignored, never an error."""

    q = forms.CharField(label="Nom", required=False, max_length=150, widget=forms.TextInput(attrs={"type": "search"}))
    ouvert = forms.ChoiceField(
        label="Réservable en ligne", required=False, choices=[("", "Tous"), ("oui", "Oui"), ("non", "Non")]
    )
    type = forms.ChoiceField(label="Type", required=False, choices=[("", "Tous"), *TypeLieu.choices])

    def __init__(self, *args: Any, structure: Structure, **options: Any) -> None:
        super().__init__(*args, **options)
        if not structure.reservation_en_ligne_possible:
            del self.fields["ouvert"]
        for champ in self.fields.values():
            # Nothing is required: "(facultatif)" goes without saying.
            champ.sans_mention = True  # type: ignore[attr-defined]

    def appliquer(self, motifs: MotifQuerySet) -> MotifQuerySet:
        """Narrow the motifs to what is asked."""
        self.is_valid()
        motifs = motifs.cherches(self.cleaned_data.get("q", "").strip())
        if type_lieu := self.cleaned_data.get("type"):
            motifs = motifs.filter(type_lieu=type_lieu)
        if ouvert := self.cleaned_data.get("ouvert"):
            motifs = motifs.filter(reservable_en_ligne=ouvert == "oui")
        return motifs

    @property
    def actif(self) -> bool:
        """Whether something is asked."""
        return any(self.data.get(nom) for nom in self.fields)


class DuplicationForm(forms.Form):
    """The name of the copy, and in which of my structures."""

    nom = forms.CharField(label="Nom du nouveau motif", max_length=150)
    structure = forms.ModelChoiceField(label="Dans quelle structure ?", queryset=Structure.objects.none())

    def __init__(self, donnees: Any = None, *, motif: Motif, structures: QuerySet[Structure]) -> None:
        super().__init__(donnees, initial={"nom": f"{motif.nom[:142]} (copie)", "structure": motif.structure_id})
        champ = self.fields["structure"]
        assert isinstance(champ, forms.ModelChoiceField)  # noqa: S101 declared above, for the type checker
        champ.queryset, champ.empty_label = structures, None
        if len(structures) < 2:
            champ.widget = forms.HiddenInput()
