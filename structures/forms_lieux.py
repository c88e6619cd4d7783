"""The form of a lieu."""

import re
from typing import Any

from django import forms

from structures.carte import Carte, dessiner
from structures.communes import Commune, annuaire_national
from structures.formulaires import ModeleForm
from structures.fuseaux import departement_du_code
from structures.models import Lieu, Structure
from structures.texte import en_ligne

CHOISIR = "Choisissez la commune dans la liste."
AUCUNE = "aucune"


class LieuForm(ModeleForm[Lieu]):
    """Create or edit a lieu of `structure`.

    `commune_trouvee` is the commune that the address, typed or saved, leads to; `a_choisir` says that several could be
    meant. Both are known without validating: the region of the page is refreshed while the address is typed.
    """

    champs_des_contraintes = {"structures_lieu_code_postal": "code_postal"}

    # Longer than a postcode, so that "26 400" can be typed: the model's own limit would cut its last figure.
    code_postal = forms.CharField(
        label="Code postal",
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "rdv-court"}),
    )

    # Shown when the postcode and the name leave a doubt (`communes.Annuaire.proposer`).
    choix_commune = forms.ChoiceField(
        label="Quelle commune ?",
        required=False,
        error_messages={"invalid_choice": CHOISIR},
    )

    class Meta:
        model = Lieu
        fields = ("nom", "adresse", "complement_adresse", "code_postal", "commune", "telephone", "ouvert")
        labels = {"ouvert": "Lieu ouvert"}
        help_texts = {
            "nom": "Tel que les personnes le connaissent : « Médiathèque de Crest ».",
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
        self.fields["commune"].required = False  # the postcode may be enough: see clean()
        self.fields["commune"].sans_mention = self.fields["choix_commune"].sans_mention = True  # type: ignore[attr-defined]
        self._chercher_la_commune()
        if not self.instance.pk:
            del self.fields["ouvert"]  # a new lieu is open: nothing to ask

    def clean_code_postal(self) -> str:
        """Forgive the space of "26 400"."""
        code = "".join(str(self.cleaned_data["code_postal"]).split())
        if not re.fullmatch(r"[0-9]{5}", code):
            raise forms.ValidationError("Le code postal doit avoir cinq chiffres.")
        return code

    def _chercher_la_commune(self) -> None:
        donnees = self.data if self.is_bound else self.initial
        self.code_lu = "".join(str(donnees.get("code_postal") or "")[:10].split())
        nom, lieu, annuaire = en_ligne(str(donnees.get("commune") or ""))[:150], self.instance, annuaire_national()
        trouvaille = annuaire.trouver(self.code_lu, nom)
        self.commune_trouvee = trouvaille.commune if trouvaille else None
        self.a_choisir, propositions = False, []
        if lieu.pk and (self.code_lu, nom) == (lieu.code_postal, lieu.commune):  # an old doubt is not raised again
            self.commune_trouvee = annuaire.par_code.get(lieu.code_insee) or self.commune_trouvee
        elif trouvaille is None and re.fullmatch(r"[0-9]{5}", self.code_lu):
            propositions = annuaire.proposer(self.code_lu, nom)
            self.a_choisir = bool(nom or propositions)
            choix = donnees.get("choix_commune")
            self.commune_trouvee = next((c for c in propositions if c.code_insee == choix), None)
        champ: Any = self.fields["choix_commune"]
        champ.choices = [("", "Choisissez"), *((c.code_insee, _libelle(c, self.code_lu)) for c in propositions)]
        if nom:
            champ.choices += [(AUCUNE, f"Aucune de celles-ci : garder « {nom} »")]

    def clean(self) -> dict[str, Any]:
        """Settle the commune: found from what is typed, or chosen in the list, or kept as typed on purpose."""
        valeurs: dict[str, Any] = self.cleaned_data
        nom, trouvee = valeurs.get("commune"), self.commune_trouvee
        if trouvee is not None and self.a_choisir:
            valeurs["commune"] = trouvee.nom
            if trouvee.codes_postaux and valeurs.get("code_postal") not in trouvee.codes_postaux:
                valeurs["code_postal"] = trouvee.codes_postaux[0]
        elif trouvee is not None:
            valeurs["commune"] = nom or trouvee.nom
        elif self.a_choisir and valeurs.get("choix_commune") == "":
            self.add_error("choix_commune", CHOISIR)
        elif not nom and not self.a_choisir:
            self.add_error("commune", self.fields["commune"].error_messages["required"])
        return valeurs

    @property
    def carte(self) -> Carte | None:
        """Where the lieu would be on the outline of its département."""
        commune, lieu = self.commune_trouvee, self.instance
        if commune is None:
            return None
        position = (commune.latitude, commune.longitude)
        if lieu.pk and lieu.code_insee == commune.code_insee and lieu.latitude is not None:
            position = (lieu.latitude, lieu.longitude)
        return dessiner(departement_du_code(commune.code_insee), *position)

    @property
    def situation(self) -> str:
        """The same in words: "Crest (26400), Drôme"."""
        if self.commune_trouvee is None:
            return ""
        texte = _libelle(self.commune_trouvee, self.code_lu)
        return f"{texte}, {self.carte.departement}" if self.carte else texte


def _libelle(commune: Commune, code_postal: str) -> str:
    """Return "Crest (26400)", with the postcode typed when it is one of the commune's."""
    codes = commune.codes_postaux
    return f"{commune.nom} ({code_postal if code_postal in codes or not codes else codes[0]})"
