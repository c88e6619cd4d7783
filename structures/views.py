"""Agents' accounts: sign in and out, forgotten or first password, choice of the structure."""

from django.conf import settings
from django.contrib.auth import views as vues_auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from structures.acces import RequeteAgent
from structures.comptes import JOURS_DE_VALIDITE
from structures.forms import ConnexionForm, MotDePasseForm, MotDePasseOublieForm
from structures.taches import demander_lien_mot_de_passe

connexion = vues_auth.LoginView.as_view(
    template_name="structures/connexion.html",
    authentication_form=ConnexionForm,
    redirect_authenticated_user=True,
)
deconnexion = vues_auth.LogoutView.as_view()

# Django's view keeps the secret out of the address once the page is open (it moves it to the session).
mot_de_passe_choisir = vues_auth.PasswordResetConfirmView.as_view(
    template_name="structures/mot_de_passe_choisir.html",
    form_class=MotDePasseForm,
    post_reset_login=True,
    post_reset_login_backend="django.contrib.auth.backends.ModelBackend",
    success_url=reverse_lazy("structures:mes_structures"),
)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def mot_de_passe_oublie(request: HttpRequest) -> HttpResponse:
    """Ask for an e-mail with a link; the answer is the same whether the address is known or not."""
    form = MotDePasseOublieForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        demander_lien_mot_de_passe(courriel=form.cleaned_data["courriel"], maintenant=timezone.now())
        return redirect("structures:mot_de_passe_envoye")
    return render(request, "structures/mot_de_passe_oublie.html", {"form": form})


@login_not_required
@require_safe
def mot_de_passe_envoye(request: HttpRequest) -> HttpResponse:
    """Say to look at one's e-mails, and what to do if nothing comes."""
    return render(request, "structures/mot_de_passe_envoye.html", {"jours": JOURS_DE_VALIDITE})


@require_safe
def mes_structures(request: RequeteAgent) -> HttpResponse:
    """Lead to the agent's structure, or let them choose when they have several; without any, the staff has its own."""
    appartenances = list(request.user.appartenances.select_related("structure").order_by("structure__nom", "pk"))
    if len(appartenances) == 1:
        return redirect("reservations:rendez_vous", structure_id=appartenances[0].structure_id)
    if not appartenances and request.user.est_plateforme:
        return redirect("plateforme:index")
    return render(
        request,
        "structures/mes_structures.html",
        {"appartenances": appartenances, "contact": settings.EDITEUR_COURRIEL},
    )
