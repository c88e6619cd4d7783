"""Forms of the learner's path: they clean what was typed, services decide."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from motifs.models import Motif, TypeLieu
from reservations.courrier.sms import est_mobile, sms_possibles
from reservations.forms.apprenants import PersonneForm
from reservations.telephones import est_francais, lire_telephone
from structures.texte import en_ligne

ADRESSE_INCOMPLETE = _("Écrivez une adresse e-mail complète (jeanne.martin@exemple.fr).")


class FormulaireInstructions(forms.Form):
    """The instructions, accepted as they were shown: `texte` carries them, so that a change meanwhile is noticed."""

    texte = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    accepte = forms.BooleanField(
        label=_("J'ai lu et j'accepte"),
        error_messages={"required": _("Cochez cette case pour continuer.")},
    )

    def __init__(self, *args: object, par_prescripteur: bool = False, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if par_prescripteur:
            self.fields["accepte"].label = "Je les ai lues avec la personne accompagnée, qui les accepte"


class FormulaireCoordonnees(PersonneForm):
    """Who comes, and where the code goes: to the e-mail address, else to the mobile. What is required depends on the
    motif (we call: a number) and on the instance (no SMS: an e-mail address)."""

    prenom = forms.CharField(
        label=_("Prénom"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "given-name", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": _("Écrivez votre prénom.")},
    )
    nom = forms.CharField(
        label=_("Nom"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "family-name", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": _("Écrivez votre nom.")},
    )
    courriel = forms.EmailField(
        label=_("Adresse e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={
            "required": _("Écrivez votre adresse e-mail."),
            "invalid": _("Cette adresse e-mail n'est pas complète. Exemple : jeanne.martin@exemple.fr"),
        },
    )
    telephone = forms.CharField(
        label=_("Téléphone portable"),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"required": _("Écrivez le numéro où nous vous appellerons.")},
    )

    adresse_domicile = forms.CharField(
        label=_("Adresse où nous venons"),
        max_length=300,
        help_text=_("Numéro, rue, code postal et commune. Étage ou code de la porte s'il y en a."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
        error_messages={"required": _("Écrivez l'adresse où nous venons.")},
    )

    # A trap: people do not see it, robots fill every field.
    site = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *args: object, motif: Motif, trop_vite: bool = False, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.departement = motif.structure.departement
        self.trop_vite = trop_vite  # sent sooner than anyone reads
        self.par_telephone = motif.type_lieu == TypeLieu.TELEPHONE
        self.par_sms = sms_possibles()
        if motif.type_lieu != TypeLieu.DOMICILE:
            del self.fields["adresse_domicile"]
        courriel, telephone = self.fields["courriel"], self.fields["telephone"]
        courriel.required = not self.par_sms
        telephone.required = self.par_telephone
        # "(facultatif)" beside both would read as "neither is needed".
        courriel.sans_mention = telephone.sans_mention = self.par_sms  # type: ignore[attr-defined]
        if self.par_telephone:
            telephone.label = _("Téléphone")
            telephone.help_text = _("Le numéro où nous vous appellerons.")
        elif not self.par_sms:
            telephone.label = _("Téléphone")
            telephone.help_text = _("Pour vous prévenir en cas de changement.")

    def clean(self) -> None:
        """One way to receive the code; the error is beside the field that can be corrected."""
        super().clean()
        if self.cleaned_data.pop("site", "") or self.trop_vite:
            raise ValidationError(
                _(
                    "Nous n'avons pas pu vérifier que vous n'êtes pas un robot. Appuyez encore une fois sur "
                    "« Recevoir mon code », ou téléphonez à la structure."
                )
            )
        if not self.par_sms or "courriel" in self.errors or "telephone" in self.errors:
            return
        courriel, telephone = self.cleaned_data.get("courriel"), self.cleaned_data.get("telephone")
        if courriel:
            return
        if not telephone:
            self.add_error("courriel", _("Écrivez une adresse e-mail ou un numéro de téléphone portable."))
        elif not (est_mobile(telephone) and est_francais(telephone)):
            self.add_error(
                "telephone",
                _(
                    "Ce numéro ne peut pas recevoir le code par SMS. "
                    "Écrivez un numéro de portable français, ou ajoutez une adresse e-mail."
                ),
            )


class FormulaireContact(forms.Form):
    """Where the code goes: one field for an e-mail address or, where SMS can be sent, a mobile number."""

    contact = forms.CharField(
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.par_sms = sms_possibles()
        champ = self.fields["contact"]
        champ.label = _("Adresse e-mail ou téléphone portable") if self.par_sms else _("Adresse e-mail")
        champ.error_messages["required"] = (
            _("Écrivez votre adresse e-mail ou votre numéro.") if self.par_sms else _("Écrivez votre adresse e-mail.")
        )

    def clean_contact(self) -> dict[str, object]:
        """Return what was typed as `courriel` and `telephone`, one of them empty."""
        saisie = en_ligne(self.cleaned_data["contact"])
        numero = None if "@" in saisie else lire_telephone(saisie)
        if self.par_sms and numero and est_mobile(numero) and est_francais(numero):
            return {"courriel": "", "telephone": numero}
        try:
            validate_email(saisie)
        except ValidationError as erreur:
            raise ValidationError(
                _(
                    "Écrivez une adresse e-mail complète (jeanne.martin@exemple.fr) "
                    "ou un numéro de portable français (06 12 34 56 78)."
                )
                if self.par_sms
                else ADRESSE_INCOMPLETE
            ) from erreur
        if not saisie.isprintable():
            raise ValidationError(ADRESSE_INCOMPLETE)
        return {"courriel": saisie, "telephone": ""}


class FormulaireCode(forms.Form):
    """The six digits received, with or without spaces."""

    code = forms.CharField(
        label=_("Votre code à 6 chiffres"),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "class": "rdv-code",
            }
        ),
        error_messages={"required": _("Écrivez le code que vous avez reçu.")},
    )

    def clean_code(self) -> str:
        code = re.sub(r"[\s.\-]", "", self.cleaned_data["code"])
        # isdecimal alone would accept the digits of every script.
        if not (code.isascii() and code.isdecimal() and len(code) == 6):
            raise ValidationError(_("Le code a 6 chiffres. Regardez le message que vous avez reçu."))
        return code
