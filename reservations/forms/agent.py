"""Forms of the agents' pages."""

from django import forms


class AnnulationForm(forms.Form):
    """The message that goes with a cancellation."""

    message = forms.CharField(
        label="Message pour la personne",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Joint à l'annonce de l'annulation : la raison, ce que vous proposez à la place…",
    )
