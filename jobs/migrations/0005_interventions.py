from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_retryable")]
    operations = [
        migrations.CreateModel(
            name="Intervention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("acted_at", models.DateTimeField("when", db_default=Now(), db_index=True)),
                (
                    "who",
                    models.CharField("who", help_text="An account of the site, or of the operating system with its host.", max_length=200),
                ),
                ("deed", models.CharField("what", max_length=20)),
                ("target", models.CharField("of what", blank=True, max_length=200)),
                ("count", models.PositiveIntegerField("jobs", null=True)),
            ],
            options={"verbose_name": "intervention", "verbose_name_plural": "interventions", "ordering": ["-id"]},
        ),
    ]
