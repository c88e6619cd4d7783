"""Forms of the links of territory: the agent who makes one, the prescriber who searches."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.functional import cached_property

from cartographie.models import LienDeTerritoire
from cartographie.recherche import nom_du_departement
from cartographie.territoire import structures_possibles
from structures.formulaires import ModeleForm
from structures.models import Agent, Structure

TOUT, CHOISIES = "departement", "structures"


class LienDeTerritoireForm(ModeleForm[LienDeTerritoire]):
    """A name, and which structures: those of the whole département, or those ticked."""

    etendue = forms.ChoiceField(label="Quelles structures ?", widget=forms.RadioSelect)
    structures = forms.ModelMultipleChoiceField(
        Structure.objects.none(), label="Structures", required=False, widget=forms.CheckboxSelectMultiple
    )
    champs_des_contraintes = {"cartographie_territoire_nom_unique": "nom", "cartographie_territoire_nomme": "nom"}

    class Meta:
        model = LienDeTerritoire
        fields = ("nom",)
        labels = {"nom": "Nom du lien"}
        help_texts = {"nom": "Les prescripteurs le lisent en haut de la page, par exemple « Vallée de la Drôme »."}
        widgets = {"nom": forms.TextInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args: Any, structure: Structure, agent: Agent, miennes: Iterable[int], **kwargs: Any) -> None:
        kwargs["instance"] = LienDeTerritoire(structure=structure, cree_par=agent)
        super().__init__(*args, **kwargs)
        departement = nom_du_departement(structure.departement)
        choix = [(CHOISIES, "Celles que je choisis")]
        if departement:
            choix.insert(0, (TOUT, f"Toutes celles du département ({departement}), même celles qui viendront"))
        self.fields["etendue"].choices = choix  # type: ignore[attr-defined]
        self.fields["etendue"].initial = choix[0][0]
        self.fields["structures"].queryset = structures_possibles(structure, miennes)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        super().clean()
        donnees = self.cleaned_data
        if donnees.get("etendue") == TOUT:
            self.instance.departement = self.instance.structure.departement
        elif donnees.get("etendue") == CHOISIES and not donnees.get("structures") and "structures" not in self.errors:
            self.add_error("structures", "Cochez au moins une structure.")
        return donnees


class RechercheDeTerritoireForm(forms.Form):
    """Near where, for what, how. Nothing here is ever an error: what makes no sense is left out."""

    ou = forms.CharField(
        label="Commune ou code postal",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "fr-input", "autocomplete": "off"}),
    )
    motif = forms.CharField(
        label="Motif", max_length=100, required=False, widget=forms.TextInput(attrs={"class": "fr-input"})
    )
    genre = forms.ChoiceField(
        label="Comment ?",
        required=False,
        choices=[("", "Dans un lieu"), ("distance", "Par téléphone, par visioconférence, à domicile")],
        widget=forms.Select(attrs={"class": "fr-select"}),
    )

    @cached_property
    def demande(self) -> dict[str, str]:
        """Return what was asked and makes sense."""
        self.is_valid()
        return {nom: self.cleaned_data.get(nom) or "" for nom in self.fields}
