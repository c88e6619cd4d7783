import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models

AGENT_DEJA_PRIS = django.contrib.postgres.constraints.ExclusionConstraint(
    condition=models.Q(("statut__in", ("option", "prevu", "honore", "absent"))),
    expressions=[("agent", "="), ("periode", "&&")],
    name="reservations_agent_deja_pris",
    violation_error_message="L'agent a déjà un rendez-vous à ce moment-là.",
)


class Migration(migrations.Migration):
    """A generated column cannot be altered: it is made again, and the exclusion constraint with it."""

    dependencies = [
        ("plages", "0004_pause"),
        ("reservations", "0002_adresse_domicile"),
    ]

    operations = [
        migrations.AddField(
            model_name="rendezvous",
            name="pause",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="pause ensuite, en minutes"),
        ),
        migrations.RemoveConstraint(model_name="rendezvous", name="reservations_agent_deja_pris"),
        migrations.RemoveField(model_name="rendezvous", name="periode"),
        migrations.AddField(
            model_name="rendezvous",
            name="periode",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.F("debut"),
                    models.Func(
                        models.Value("UTC"),
                        models.Func(
                            models.Func(models.Value("UTC"), models.F("fin"), function="timezone"),
                            models.Func(models.F("pause"), template="make_interval(mins => %(expressions)s)"),
                            arg_joiner=" + ",
                            template="(%(expressions)s)",
                        ),
                        function="timezone",
                    ),
                    models.Value("[)"),
                    function="tstzrange",
                ),
                output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
            ),
        ),
        migrations.AddConstraint(model_name="rendezvous", constraint=AGENT_DEJA_PRIS),
        migrations.AddConstraint(
            model_name="rendezvous",
            constraint=models.CheckConstraint(
                condition=models.Q(("pause__range", (0, 120))),
                name="reservations_pause",
                violation_error_message="La pause va de 0 à 120 minutes.",
            ),
        ),
    ]
