from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_slow_statements")]
    operations = [
        migrations.AddField("job", "retryable", models.BooleanField("a retry may help", db_default=True, default=True)),
    ]
