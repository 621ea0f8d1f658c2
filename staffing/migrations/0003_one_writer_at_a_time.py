from django.db import migrations

from staffing import versions


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in versions.locking_triggers():
            schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION staffing_one_writer CASCADE", params=None)


class Migration(migrations.Migration):
    dependencies = [("staffing", "0002_count_each_write")]

    operations = [migrations.RunPython(create, drop)]
