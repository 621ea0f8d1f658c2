from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_from_sendings(apps: Any, editor: Any) -> None:
    letters, sendings = apps.get_model("letters", "VolunteerLetterSend"), apps.get_model("letters", "Sending")
    version = sendings.objects.filter(pk=OuterRef("sending")).values("figures_version")
    letters.objects.update(figures_version=Subquery(version))


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0003_letters_cancelled"),
    ]

    operations = [
        migrations.AddField(
            model_name="volunteerlettersend",
            name="figures_version",
            field=models.PositiveIntegerField(default=0, help_text="Of those in the PDF.", verbose_name="version of the figures"),
        ),
        migrations.RunPython(copy_from_sendings, migrations.RunPython.noop),
    ]
