"""The page of the messages of a demonstration."""

import pytest
from django.test import override_settings
from django.urls import reverse

from reservations.courrier import messagerie
from reservations.courrier.envoi import ics_du_message
from reservations.courrier.ical import uid_ical
from reservations.models import Canal, Message
from tests.reservations.aides_messages import un_rendez_vous

pytestmark = pytest.mark.django_db


def _courriels(nombre: int) -> None:
    for n in range(nombre):
        Message.objects.create(
            canal=Canal.COURRIEL,
            destinataire=f"ana{n}@exemple.fr",
            sujet=f"Sujet {n}",
            texte=f"Voir : https://rdv.exemple.fr/rendez-vous/jeton{n}/\n<script>alert(1)</script>",
        )


@override_settings(DEMO=True)
def test_la_page_montre_les_messages_le_plus_recent_d_abord(client):
    _courriels(2)

    reponse = client.get(reverse("reservations:messages_demonstration"))

    page = reponse.content.decode()
    assert reponse.status_code == 200
    assert "rien n'a été envoyé" in page
    assert page.index("ana1@exemple.fr") < page.index("ana0@exemple.fr")
    assert 'href="https://rdv.exemple.fr/rendez-vous/jeton0/"' in page
    assert "<script>alert" not in page


@override_settings(DEMO=True)
def test_l_invitation_se_telecharge(client):
    rendez_vous = un_rendez_vous()
    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)
    message = Message.objects.get(destinataire="ana@exemple.fr")
    adresse = reverse("reservations:invitation_demonstration", kwargs={"message_id": message.pk})
    assert adresse in client.get(reverse("reservations:messages_demonstration")).content.decode()

    reponse = client.get(adresse)

    assert f"UID:{uid_ical(str(rendez_vous.uid))}" in reponse.content.decode()
    assert reponse.content.decode() == ics_du_message(message)
    assert reponse["Content-Type"].startswith("text/calendar")
    assert "attachment" in reponse["Content-Disposition"]

    Message.objects.update(rendez_vous=None)  # erased since

    assert client.get(adresse).status_code == 404
    assert adresse not in client.get(reverse("reservations:messages_demonstration")).content.decode()


def test_hors_demonstration_les_pages_n_existent_pas(client):
    _courriels(1)
    message = Message.objects.get()

    assert client.get(reverse("reservations:messages_demonstration")).status_code == 404
    adresse = reverse("reservations:invitation_demonstration", kwargs={"message_id": message.pk})
    assert client.get(adresse).status_code == 404


@override_settings(DEMO=True)
def test_au_plus_cinquante_messages_et_un_nombre_constant_de_requetes(client, django_assert_num_queries):
    adresse = reverse("reservations:messages_demonstration")
    _courriels(1)
    client.get(adresse)
    with django_assert_num_queries(1):
        client.get(adresse)

    _courriels(59)

    with django_assert_num_queries(1):
        reponse = client.get(adresse)
    assert reponse.content.decode().count('id="message-') == 50
