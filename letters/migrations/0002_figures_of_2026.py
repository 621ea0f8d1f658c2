from decimal import Decimal

from django.db import migrations

SOURCE = "montants de 2026 relevés dans des notes publiques en novembre 2026"


def add_figures(apps, schema_editor):
    apps.get_model("letters", "LegalFigures").objects.get_or_create(
        year=2026,
        defaults={
            "daily_ceiling": Decimal("44.02"),
            "yearly_ceiling": Decimal("1760.83"),
            "raised_yearly_ceiling": Decimal("3233.91"),
            "source": SOURCE,
            "version": 1,
        },
    )


class Migration(migrations.Migration):
    dependencies = [("letters", "0001_initial")]
    operations = [migrations.RunPython(add_figures, migrations.RunPython.noop)]
