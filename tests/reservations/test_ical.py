"""Invitations, read back by another library (vobject), which takes the zone from the VTIMEZONE written in the file."""

from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st

from reservations.courrier.ical import invitation, uid_ical

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
FUSEAUX = [
    "Europe/Paris",
    "Indian/Reunion",
    "America/Miquelon",
    "America/Cayenne",
    "Pacific/Noumea",
    "Europe/Dublin",  # tzdata counts its winter time as a negative daylight saving
    "Africa/Casablanca",  # changes around Ramadan: no yearly rule
    "Australia/Lord_Howe",  # half an hour
]


def ecrire(debut: datetime, tz: ZoneInfo, **autres: object) -> str:
    valeurs = {
        "uid": uid_ical("3f2c"),
        "sequence": 0,
        "methode": "REQUEST",
        "debut": debut,
        "fin": debut + timedelta(hours=1),
        "tz": tz,
        "titre": "Accompagnement individuel",
        "lieu": "Médiathèque, 1 rue de la République, 26400 Crest",
        "description": "Apportez une pièce d'identité ; et vos questions, même petites.\nÀ bientôt",
        "organisateur": ("Médiathèque de Crest", "ne-pas-repondre@exemple.fr"),
        "participant": ("Ana Silva", "ana@exemple.fr"),
        "url": "https://rdv.exemple.fr/rendez-vous/abc/",
        "horodatage": datetime(2026, 1, 5, 8, 0, tzinfo=UTC),
    }
    return invitation(**(valeurs | autres))


def relire(texte: str):
    return vobject.readOne(texte).vevent


@pytest.mark.parametrize(
    ("fuseau", "jour", "heure_utc"),
    [
        ("Europe/Paris", date(2026, 3, 28), 8),
        ("Europe/Paris", date(2026, 3, 29), 7),
        ("Europe/Paris", date(2026, 3, 30), 7),
        ("Europe/Paris", date(2026, 10, 24), 7),
        ("Europe/Paris", date(2026, 10, 25), 8),
        ("Europe/Paris", date(2026, 10, 26), 8),
        ("Indian/Reunion", date(2026, 3, 28), 5),
        ("Indian/Reunion", date(2026, 3, 30), 5),
        ("Indian/Reunion", date(2026, 10, 24), 5),
        ("Indian/Reunion", date(2026, 10, 26), 5),
    ],
)
def test_heure_locale_et_instant_de_chaque_cote_d_un_changement_d_heure(fuseau, jour, heure_utc):
    tz = ZoneInfo(fuseau)
    debut = datetime.combine(jour, time(9), tz)

    relu = relire(ecrire(debut.astimezone(UTC), tz))

    assert relu.dtstart.value.replace(tzinfo=None) == datetime.combine(jour, time(9))
    assert relu.dtstart.value.astimezone(UTC) == datetime.combine(jour, time(heure_utc), UTC)
    assert relu.dtend.value.astimezone(UTC) == datetime.combine(jour, time(heure_utc + 1), UTC)
    assert relu.dtstart.params["X-VOBJ-ORIGINAL-TZID"] == [fuseau]


@pytest.mark.parametrize(
    ("debut_utc", "locale"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "01:59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "03:00"),
        (datetime(2026, 3, 29, 1, 59, tzinfo=UTC), "03:59"),  # the hour that the library's own VTIMEZONE gets wrong
        (datetime(2026, 10, 24, 23, 59, tzinfo=UTC), "01:59"),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), "03:00"),
    ],
)
def test_minutes_qui_entourent_le_changement(debut_utc, locale):
    texte = ecrire(debut_utc, PARIS)

    zone = tzical(_flux(texte)).get("Europe/Paris")
    ecrite = relire(texte).dtstart.value.replace(tzinfo=zone)

    assert ecrite.strftime("%H:%M") == locale
    assert ecrite.astimezone(UTC) == debut_utc


def _flux(texte: str):
    debut, fin = texte.index("BEGIN:VTIMEZONE"), texte.index("END:VTIMEZONE")
    return StringIO(texte[debut:fin].replace("\r\n", "\n") + "END:VTIMEZONE\n")


@pytest.mark.parametrize("fuseau", FUSEAUX)
@pytest.mark.parametrize("annee", [2026, 2027])
def test_le_vtimezone_suit_la_zone_chaque_jour_de_l_annee(fuseau, annee):
    tz = ZoneInfo(fuseau)
    texte = ecrire(datetime(annee, 6, 1, 9, tzinfo=tz).astimezone(UTC), tz)
    zone = tzical(_flux(texte)).get(fuseau)

    ecarts = []
    for n in range(365):
        midi = datetime.combine(date(annee, 1, 1) + timedelta(days=n), time(12), tz)
        if midi.replace(tzinfo=zone).utcoffset() != midi.utcoffset():
            ecarts.append(midi)

    assert ecarts == []


def test_une_zone_reguliere_est_ecrite_comme_une_regle_annuelle():
    texte = ecrire(datetime(2026, 6, 1, 9, tzinfo=UTC), PARIS)

    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in texte
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in texte
    assert "DTSTART:20250330T020000\r\n" in texte
    assert "DTSTART:20251026T030000\r\n" in texte


def test_forme_du_fichier():
    texte = ecrire(datetime(2026, 6, 1, 9, tzinfo=UTC), PARIS)
    relu = relire(texte)

    assert "\n" not in texte.replace("\r\n", "")
    assert all(len(ligne.encode()) <= 75 for ligne in texte.split("\r\n"))
    assert vobject.readOne(texte).method.value == "REQUEST"
    assert "DTSTAMP:20260105T080000Z\r\n" in texte
    assert relu.status.value == "CONFIRMED"
    assert relu.organizer.value == "mailto:ne-pas-repondre@exemple.fr"
    assert relu.organizer.params["CN"] == ["Médiathèque de Crest"]
    assert relu.attendee.value == "mailto:ana@exemple.fr"
    assert relu.attendee.params["PARTSTAT"] == ["ACCEPTED"]
    assert relu.attendee.params["RSVP"] == ["FALSE"]
    assert relu.url.value == "https://rdv.exemple.fr/rendez-vous/abc/"
    assert relu.location.value == "Médiathèque, 1 rue de la République, 26400 Crest"
    assert relu.description.value.startswith("Apportez une pièce d'identité ; et vos questions, même petites.\nÀ")


def test_une_annulation_porte_le_meme_uid_et_une_version_plus_haute():
    debut = datetime(2026, 6, 1, 9, tzinfo=UTC)

    pris = ecrire(debut, PARIS)
    annule = ecrire(debut, PARIS, methode="CANCEL", sequence=1)

    assert relire(pris).uid.value == relire(annule).uid.value == "3f2c@rdv-aide-numerique"
    assert (relire(pris).sequence.value, relire(annule).sequence.value) == ("0", "1")
    assert vobject.readOne(annule).method.value == "CANCEL"
    assert relire(annule).status.value == "CANCELLED"


def test_un_retour_a_la_ligne_dans_un_titre_n_ajoute_pas_de_propriete():
    pirate = "Atelier\r\nATTENDEE:mailto:pirate@exemple.fr\r\nEND:VEVENT\r\nBEGIN:VEVENT"

    texte = ecrire(
        datetime(2026, 6, 1, 9, tzinfo=UTC),
        PARIS,
        titre=pirate,
        lieu=pirate,
        description=pirate + "\x00\x07\u2028",
        organisateur=(pirate + '"', "a@exemple.fr"),
        participant=(pirate, "b@exemple.fr\r\nX-PIRATE:1"),
        url="https://exemple.fr/\r\nX-PIRATE:1",
    )
    calendrier = vobject.readOne(texte)

    assert texte.split("\r\n").count("BEGIN:VEVENT") == 1
    assert not any(ligne.startswith("X-PIRATE") for ligne in texte.split("\r\n"))
    assert len(calendrier.vevent.attendee_list) == 1
    assert calendrier.vevent.summary.value == "Atelier ATTENDEE:mailto:pirate@exemple.fr END:VEVENT BEGIN:VEVENT"
    assert "\x00" not in texte
    assert "\x07" not in texte


@settings(deadline=None)  # on a loaded machine one example may take a second
@given(st.text(max_size=60), st.text(max_size=60))
def test_tout_texte_est_relu_sans_defaut(titre, description):
    texte = ecrire(datetime(2026, 6, 1, 9, tzinfo=UTC), PARIS, titre=titre, description=description)

    assert texte.split("\r\n").count("END:VEVENT") == 1
    assert len(vobject.readOne(texte).vevent.attendee_list) == 1


def test_la_reunion_n_a_pas_d_heure_d_ete():
    texte = ecrire(datetime(2026, 6, 1, 5, tzinfo=UTC), REUNION)

    assert "DAYLIGHT" not in texte
    assert "TZOFFSETTO:+0400" in texte
