"""How forms become HTML: DSFR markup, from two templates of ours."""

from django.forms.renderers import TemplatesSetting


class RenduDsfr(TemplatesSetting):
    """Every form and field of the project, whatever its class: `{{ form }}`, `{{ form.nom.as_field_group }}`."""

    form_template_name = "composants/formulaire.html"
    field_template_name = "composants/champ.html"
