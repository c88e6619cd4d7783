"""Pages of the site, errors, and who may open what."""

import re

import pytest
from django.conf import settings
from django.test import Client, RequestFactory, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.safestring import SafeString
from lxml import html

from rdv import views

# Every address that a visitor without an account may open. Anything else leads to the sign-in page.
PUBLIQUES = {
    "accueil",
    "mentions_legales",
    "donnees_personnelles",
    "accessibilite",
    "aide",
    "langue",
    "structures:connexion",
    "structures:mot_de_passe_oublie",
    "structures:mot_de_passe_envoye",
    "structures:mot_de_passe_choisir",
    # What a learner meets: the shared link, the booking in progress (their session's own), the secret link.
    "reservations:choix_motif",
    "reservations:choix_lieu",
    "reservations:choix_creneau",
    "reservations:attendre",
    "reservations:attente",
    "reservations:attente_code",
    "reservations:attendre_plus_tot",
    "reservations:demarche",
    "reservations:instructions",
    "reservations:coordonnees",
    "reservations:code",
    "reservations:prolonger",
    "reservations:reprendre",
    "reservations:rendez_vous_public",
    "reservations:annuler_rendez_vous",
    "reservations:deplacer_rendez_vous",
    "reservations:confirmer_deplacement_public",
    "reservations:ics",
    "reservations:feuille",
    "reservations:qr_du_rendez_vous",
    "reservations:renvoyer_confirmation",
    "reservations:mes_rendez_vous",
    "reservations:mes_rendez_vous_code",
    "reservations:mes_rendez_vous_quitter",
    # The prescriber: their steps in a booking, then their own pages, by the code on their address.
    "reservations:prescripteur",
    "reservations:code_prescripteur",
    "reservations:changer_de_prescripteur",
    "reservations:beneficiaire",
    "reservations:mes_prescriptions",
    "reservations:mes_prescriptions_code",
    "reservations:coordonnees_du_prescripteur",
    "reservations:oublier_appareil",
    "reservations:prescription",
    "reservations:annuler_prescription",
    "reservations:deplacer_prescription",
    "reservations:confirmer_deplacement_prescription",
    "reservations:fiche_de_prescription",
    "reservations:agenda_externe",  # a secret address, for calendar programs
    "reservations:accuse_sms",  # a secret address, for the SMS provider
    # What other sites read, and where they lead.
    "cartographie:public_links",
    "cartographie:lieux_json",
    "cartographie:lieux_csv",
    "cartographie:lieux_geojson",
    "cartographie:lien_externe",
    "cartographie:prendre_rendez_vous",
    "cartographie:robots",
    "cartographie:plan_du_site",
    "cartographie:carte",
    "cartographie:carte_integree",
    "cartographie:departement_integree",
    "cartographie:lieu_integre",
    "cartographie:departement",
    "cartographie:points_de_la_carte",
    "cartographie:fiche",
    "cartographie:territoire",
    "cartographie:fiche_courte",
    # 404 unless DEMO.
    "reservations:messages_demonstration",
    "reservations:invitation_demonstration",
}
VALEURS = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000", "slug": "x", "str": "x", "path": "x"}
VALEURS["lien"] = "r/x"


def _adresses(motifs: list[URLPattern | URLResolver], chemin: str = "", espace: str = "") -> list[tuple[str, str]]:
    """Return (URL name, address with real-looking values) for each page of the site."""
    trouvees: list[tuple[str, str]] = []
    for motif in motifs:
        # The one pattern of Django's admin that is a regular expression lists the applications it takes: the first.
        ici = chemin + re.sub(r"\^?\(\?P<\w+>(\w+)[^)]*\)(/)\$", r"\1\2", str(motif.pattern))
        if isinstance(motif, URLResolver):
            trouvees += _adresses(motif.url_patterns, ici, f"{motif.namespace}:" if motif.namespace else espace)
        else:
            adresse = re.sub(r"<(?:(\w+):)?\w+>", lambda t: VALEURS.get(t[1] or "str", "x"), ici)
            trouvees.append((f"{espace}{motif.name}", f"/{adresse}"))
    return trouvees


ADRESSES = _adresses(get_resolver().url_patterns)


@pytest.mark.parametrize(
    ("adresse", "titre"),
    [
        ("/", "Prendre rendez-vous avec un conseiller numérique"),
        ("/mentions-legales/", "Mentions légales"),
        ("/donnees-personnelles/", "Données personnelles"),
        ("/accessibilite/", "Déclaration d'accessibilité"),
        ("/aide/", "Guide des agents"),
        ("/connexion/", "Connexion des agents"),
        ("/mot-de-passe/oublie/", "Mot de passe oublié ou première connexion"),
        ("/mot-de-passe/envoye/", "Regardez vos e-mails"),
    ],
)
def test_page_publique_a_son_titre_et_ses_reperes(client: Client, adresse: str, titre: str) -> None:
    reponse = client.get(adresse)
    assert reponse.status_code == 200
    arbre = html.fromstring(reponse.content)
    assert [h1.text_content() for h1 in arbre.iter("h1")] == [titre]
    assert arbre.attrib["lang"] == "fr"
    assert len(arbre.xpath("//main")) == len(arbre.xpath("//header")) == len(arbre.xpath("//footer")) == 1
    assert "RDV Aide Numérique" in arbre.xpath("string(//title)")


@pytest.mark.parametrize("adresse", ["/", "/aide/", "/connexion/", "/rien/"])
def test_page_respecte_la_csp(client: Client, adresse: str) -> None:
    reponse = client.get(adresse)
    assert "default-src 'self'" in reponse.headers["Content-Security-Policy"]
    arbre = html.fromstring(reponse.content)
    assert arbre.xpath("//script[not(@src)] | //style | //*[@style] | //@*[starts-with(name(), 'on')]") == []


def test_htmx_deux_est_servi_sans_eval(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "django_htmx/htmx-2.min.js" in page
    assert '"allowEval":false' in page


def test_police_de_l_etat_absente_par_defaut(client: Client) -> None:
    assert "rdv-marque-etat" not in client.get("/").content.decode()
    with override_settings(MARQUE_ETAT=True):
        assert "rdv-marque-etat" in client.get("/").content.decode()


def test_mentions_legales_disent_ce_qui_manque_puis_ce_qui_est_donne(client: Client) -> None:
    assert "à compléter par l'exploitant" in client.get("/mentions-legales/").content.decode()
    with override_settings(
        EDITEUR_NOM="Commune <de> Crest",
        EDITEUR_ADRESSE="1 place de l'Hôtel-de-Ville",
        EDITEUR_DIRECTION="La maire",
        EDITEUR_COURRIEL="contact@exemple.fr",
        HEBERGEUR="Hébergeur SA",
    ):
        page = client.get("/mentions-legales/").content.decode()
    assert "à compléter" not in page
    assert "Commune &lt;de&gt; Crest" in page
    assert 'href="mailto:contact@exemple.fr"' in page


def test_bandeau_en_demonstration_seulement(client: Client) -> None:
    assert "Démonstration" not in client.get("/").content.decode()
    with override_settings(DEMO=True):
        assert "Démonstration&nbsp;: aucun message n'est envoyé." in client.get("/").content.decode()


def test_guide_a_une_ancre_pour_chaque_reglage(client: Client) -> None:
    arbre = html.fromstring(client.get("/aide/").content)
    ancres = set(arbre.xpath("//h2/@id"))
    assert {
        "motifs", "reservable-en-ligne", "delais", "instructions", "plages", "lieux", "lien", "cartographie",
        "rendez-vous", "solidarites",
    } <= ancres  # fmt: skip
    assert {lien[1:] for lien in arbre.xpath("//nav[@aria-label='Sommaire du guide']//a/@href")} == ancres


# --- Errors -------------------------------------------------------------------------------------------------------
def test_404_en_francais(client: Client) -> None:
    reponse = client.get("/rien/")
    assert reponse.status_code == 404
    assert "Cette page n'existe pas" in reponse.content.decode()


def test_403_dit_la_raison_ecrite_par_nous() -> None:
    requete = RequestFactory().get("/")
    reponse = views.erreur_403(requete, PermissionError("Réservé aux <admins>."))
    assert reponse.status_code == 403
    assert "Réservé aux &lt;admins&gt;." in reponse.content.decode()


def test_403_csrf_en_francais() -> None:
    reponse = Client(enforce_csrf_checks=True).post("/connexion/", {})
    assert reponse.status_code == 403
    assert "Le formulaire n'a pas été envoyé" in html.fromstring(reponse.content).text_content()


def test_400_en_francais(client: Client) -> None:
    reponse = client.get("/", headers={"host": "ailleurs.exemple.fr"})
    assert reponse.status_code == 400
    assert '<html lang="fr"' in reponse.content.decode()
    assert "Le site n'a pas pu lire votre demande" in reponse.content.decode()


def test_500_sans_base_ni_session(rf: RequestFactory) -> None:
    # Not marked django_db: a query would fail.
    reponse = views.erreur_500(rf.get("/"))
    assert reponse.status_code == 500
    assert "Le site a rencontré une panne" in reponse.content.decode()


def test_500_par_une_vue_qui_echoue(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def echouer() -> tuple[SafeString, SafeString]:
        raise RuntimeError

    monkeypatch.setattr(views, "guide_en_html", echouer)
    client.raise_request_exception = False
    reponse = client.get("/aide/")
    assert reponse.status_code == 500
    assert "Le site a rencontré une panne" in reponse.content.decode()


# --- Access -------------------------------------------------------------------------------------------------------
PRIVEES = [(nom, adresse) for nom, adresse in ADRESSES if nom not in PUBLIQUES]


@pytest.mark.django_db
@pytest.mark.parametrize(("nom", "adresse"), PRIVEES, ids=[nom for nom, _ in PRIVEES])
def test_page_privee_mene_a_la_connexion(client: Client, nom: str, adresse: str) -> None:
    for reponse in (client.get(adresse), client.post(adresse)):
        assert reponse.status_code == 302, nom
        assert reponse.headers["Location"] == f"/connexion/?next={adresse}"


def test_pages_publiques_nommees_existent() -> None:
    assert {nom for nom, _ in ADRESSES} >= PUBLIQUES


@pytest.mark.django_db
def test_session_perdue_sous_htmx_ramene_a_la_page_affichee(client: Client) -> None:
    reponse = client.get(
        "/agent/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/agent/1/rendez-vous/"}
    )
    assert reponse.headers["HX-Redirect"] == "/connexion/?next=/agent/1/rendez-vous/"


@pytest.mark.parametrize(
    ("affichee", "retour"),
    [
        ("http://[::1", ""),
        (
            "https://rdv.exemple.fr/agent/1/agenda/?semaine=2026-11-23&agents=tous",
            "?next=/agent/1/agenda/%3Fsemaine%3D2026-11-23%26agents%3Dtous",
        ),
    ],
)
def test_session_perdue_sous_htmx_lit_toute_adresse(client: Client, affichee: str, retour: str) -> None:
    """The header comes from the browser: it may be anything, and what was displayed includes its query."""
    reponse = client.get("/agent/", headers={"HX-Request": "true", "HX-Current-URL": affichee})
    assert reponse["HX-Redirect"] == f"/connexion/{retour}"


def test_deny_par_defaut_est_en_place() -> None:
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE
