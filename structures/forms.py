"""Forms of the agents' accounts."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm

from structures.models import Agent


class ConnexionForm(AuthenticationForm):
    """E-mail and password. The address is lower-cased first: the lockout counts by what is submitted."""

    username = forms.EmailField(
        label="Adresse e-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="Mot de passe",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": "L'adresse e-mail ou le mot de passe ne correspond pas. "
        "Vérifiez l'adresse, puis retapez le mot de passe.",
        "inactive": "Ce compte est fermé. Adressez-vous à l'administrateur de votre structure.",
    }

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class MotDePasseOublieForm(forms.Form):
    """Ask for the link. What it answers never tells whether an account exists."""

    courriel = forms.EmailField(
        label="Adresse e-mail",
        max_length=254,
        help_text="Celle de votre compte d'agent.",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )


class MotDePasseForm(SetPasswordForm[Agent]):
    """Choose a password, twice; the rules are said before, in plain words."""

    new_password1 = forms.CharField(
        label="Nouveau mot de passe",
        strip=False,
        help_text="12 caractères au minimum, pas seulement des chiffres. "
        "Le plus simple : plusieurs mots qui n'ont rien à voir entre eux.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    new_password2 = forms.CharField(
        label="Le même, encore une fois",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    error_messages = {"password_mismatch": "Les deux mots de passe ne sont pas les mêmes."}

    def clean(self) -> dict[str, Any] | None:
        donnees = super().clean()
        # Django says what is wrong with the password beside the second field; it belongs beside the first.
        erreurs = self.errors.get("new_password2")
        if erreurs and "new_password1" in self.cleaned_data and "new_password2" in self.data:
            codes = {erreur.code for erreur in erreurs.as_data()}
            if not codes & {"password_mismatch", "required"}:
                try:
                    password_validation.validate_password(self.cleaned_data["new_password1"], self.user)
                except forms.ValidationError as erreur:
                    del self.errors["new_password2"]
                    self.add_error("new_password1", erreur)
        return donnees
