"""The form that invites an agent."""

from django import forms

from structures.formulaires import ModeleForm
from structures.models import Agent, Role


class InvitationForm(ModeleForm[Agent]):
    """Who is invited, and what they will do in the structure."""

    role = forms.ChoiceField(
        label="Rôle",
        initial=Role.BASIQUE,
        choices=[
            (Role.BASIQUE, "Agent : ses rendez-vous, ses plages, ses absences"),
            (Role.ADMIN, "Administrateur : règle aussi la structure, les motifs, les lieux et les agents"),
        ],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Agent
        fields = ("prenom", "nom", "courriel")
        help_texts = {"courriel": "L'invitation y arrive. Cette adresse servira à se connecter."}
        widgets = {
            "prenom": forms.TextInput(attrs={"autocomplete": "off"}),
            "nom": forms.TextInput(attrs={"autocomplete": "off"}),
            "courriel": forms.EmailInput(attrs={"autocomplete": "off"}),
        }

    def clean_courriel(self) -> str:
        """Between quotes, Django's field takes control characters, which no mail server does."""
        courriel = str(self.cleaned_data["courriel"])
        if not courriel.isprintable():
            raise forms.ValidationError("Saisissez une adresse e-mail valide.")
        return courriel

    def validate_constraints(self) -> None:
        """An address that has an account is no error, and nothing here tells that it has one (`equipe.inviter`)."""
