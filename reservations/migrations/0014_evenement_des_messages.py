"""The calendar file of a message is written when it leaves: what it needs is kept, not its text."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from icalendar import Calendar


def garder_l_evenement(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Read the files of the messages that wait to leave; those that left need theirs no more."""
    for message in apps.get_model("reservations", "Message").objects.filter(etat="a_envoyer").exclude(ics=""):
        evenement = Calendar.from_ical(message.ics).walk("VEVENT")[0]
        participant = evenement.get("attendee")
        message.evenement = {
            "sequence": int(evenement["sequence"]),
            "duree": int((evenement.decoded("dtend") - evenement.decoded("dtstart")).total_seconds()) // 60,
            "titre": str(evenement["summary"]),
            "lieu": str(evenement.get("location", "")),
            "participant": str(participant.params["CN"]) if participant else "",
            "url": str(evenement.get("url", "")),
        }
        message.save(update_fields=["evenement"])


class Migration(migrations.Migration):
    dependencies = [("reservations", "0013_rendez_vous_d_un_agent")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="evenement",
            field=models.JSONField(blank=True, null=True, verbose_name="événement d'agenda"),
        ),
        migrations.RunPython(garder_l_evenement, migrations.RunPython.noop),
        migrations.RemoveField(model_name="message", name="ics"),
    ]
