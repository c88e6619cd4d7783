"""How easy the learner's path reads: the French adaptation of Flesch's formula (Kandel and Moles, 1958).

207 − 1.015 × words per sentence − 73.6 × syllables per word. On this scale 60 to 70 is plain, 80 and over easy.
`pytest -n 0 -s` shows the figures that docs/lisibilite.md quotes.
"""

import re
from collections.abc import Iterable

import pytest
from django.test import Client
from lxml import html

from reservations.models import Message
from reservations.refus import ReservationImpossible
from tests.factories import MotifFactory
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    accepter,
    autre_code,
    choisir,
    confirmer,
    demarche_de,
    donner_coordonnees,
    etape,
    page_des_creneaux,
    prendre_ailleurs,
    un_monde,
    une_plage,
)

SEUIL = 60
PHRASES = "//main//*[self::h1 or self::h2 or self::p or self::label or self::li or self::legend or self::figcaption]"
# What is chosen in, not read: the hours, and the choices already made.
PAS_A_LIRE = "ancestor-or-self::*[contains(@class, 'rdv-creneau') or contains(@class, 'rdv-jour')]"


def syllabes(mot: str) -> int:
    """Count the groups of vowels, a mute ending left out: "adresse" has two, "rendez" two, "le" one."""
    mot = re.sub(r"(?<=[^aeiouyàâéèêëîïôùûü])(?:e|es)$", "", mot.lower()) or mot
    mot = re.sub(r"[qg]u(?=[eiéèêy])", "k", mot)
    return max(1, len(re.findall(r"[aeiouyàâæéèêëîïôœùûü]+", mot)))


def facilite(phrases: Iterable[str]) -> float:
    """Return the score of some sentences: about 100 for very easy, under 30 for very hard."""
    par_phrase = [re.findall(r"[^\W\d_]+", phrase) for phrase in phrases]
    par_phrase = [mots for mots in par_phrase if mots]
    mots = [mot for phrase in par_phrase for mot in phrase]
    return 207 - 1.015 * len(mots) / len(par_phrase) - 73.6 * sum(map(syllabes, mots)) / len(mots)


def phrases_de(contenu: str) -> list[str]:
    """Return the sentences that a person reads in a page: each block, cut at its full stops."""
    blocs = [
        " ".join(bloc.text_content().split())
        for bloc in html.document_fromstring(contenu).xpath(f"{PHRASES}[not({PAS_A_LIRE})]")
        if not bloc.xpath(".//p | .//li")
    ]
    return couper(blocs)


def couper(blocs: Iterable[str]) -> list[str]:
    return [phrase for bloc in blocs for phrase in re.split(r"[.?!:;]+(?:\s|$)", bloc) if phrase.strip()]


@pytest.mark.parametrize(
    ("mot", "nombre"),
    [("le", 1), ("adresse", 2), ("rendez", 2), ("téléphone", 3), ("créneau", 2), ("qui", 1), ("code", 1), ("eau", 1)],
)
def test_syllables_are_counted(mot: str, nombre: int) -> None:
    assert syllabes(mot) == nombre


def test_the_formula_tells_plain_words_from_officialese() -> None:
    simple = "Choisissez un jour et une heure. Vous recevez un code."
    jargon = (
        "L'authentification préalable du bénéficiaire conditionne la matérialisation réglementaire "
        "de la réservation dématérialisée auprès de l'administration territoriale compétente"
    )
    assert facilite(couper([simple])) > 90
    assert facilite(couper([jargon])) < 20


@pytest.mark.django_db
def test_every_page_of_the_path_is_for_everyone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: LUNDI_8H)
    monde = un_monde(instructions_a_accepter="Apportez vos papiers.")
    autre = MotifFactory(structure=monde.structure, nom="Aide à l'ordinateur", ouvert=True)
    une_plage(monde, motifs=[autre], de=14, a=16)
    pages = {"accueil": client.get(f"/r/{monde.structure.lien}/"), "créneau": client.get(page_des_creneaux(monde))}
    demarche = demarche_de(client, monde)
    pages["instructions"] = client.get(etape("instructions", demarche))
    accepter(client, demarche)
    pages["coordonnées"] = client.get(etape("coordonnees", demarche))
    pages["coordonnées refusées"] = client.post(etape("coordonnees", demarche), {}, follow=True)
    donner_coordonnees(client, demarche)
    pages["code"] = client.get(etape("code", demarche))
    bon = Message.objects.latest("pk").texte
    faux = autre_code(re.search(r"\d{6}", bon)[0])
    pages["code refusé"] = client.post(etape("code", demarche), {"code": faux}, follow=True)
    confirmer(client, demarche)
    demarche.refresh_from_db()
    secret = f"/rendez-vous/{demarche.rendez_vous.jeton}/"
    pages["rendez-vous"] = client.get(secret)
    pages["annuler"] = client.get(f"{secret}annuler/")
    pages["annulé"] = client.post(f"{secret}annuler/", follow=True)
    prendre_ailleurs(monde, demarche.debut)
    pages["créneau pris"] = choisir(Client(), monde, demarche.debut)

    notes = {nom: facilite(phrases_de(page.content.decode())) for nom, page in pages.items()}
    notes |= {f"e-mail : {m.sujet}": facilite(couper(_sans_adresses(m.texte))) for m in Message.objects.order_by("pk")}
    print("\n" + "\n".join(f"{note:5.0f}  {nom}" for nom, note in notes.items()))  # noqa: T201 figures of docs/
    assert {nom: round(note) for nom, note in notes.items() if note < SEUIL} == {}


def _sans_adresses(texte: str) -> list[str]:
    return re.sub(r"\S+://\S+|\S+@\S+", "", texte).splitlines()


def test_every_refusal_is_for_everyone() -> None:
    phrases = [str(famille.phrase) for famille in _familles(ReservationImpossible)]
    assert len(phrases) > 5
    assert facilite(couper(phrases)) >= SEUIL


def _familles(racine: type[ReservationImpossible]) -> Iterable[type[ReservationImpossible]]:
    yield racine
    for fille in racine.__subclasses__():
        yield from _familles(fille)
