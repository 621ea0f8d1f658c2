from django.db import migrations

from staffing import versions


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in versions.postgres_triggers() if vendor == "postgresql" else versions.sqlite_triggers():
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    for statement in versions.drop_triggers(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("staffing", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
