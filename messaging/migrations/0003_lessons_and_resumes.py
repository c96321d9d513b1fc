from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0002_blast_families"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnmatchedReports",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("count", models.IntegerField(default=0)),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "unmatched reports",
                "db_table": "unmatched_reports",
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="learned_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When what its failure says about the number was recorded on the lists.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="messagelog",
            name="resumed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When staff last resumed after a fault: texts called before say no more.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="messagelog",
            name="muted_code",
            field=models.IntegerField(blank=True, help_text="The fault after which staff last resumed.", null=True),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("error_code__isnull", False), ("learned_at__isnull", True)),
                fields=["error_code", "id"],
                name="ix_deliveries_unlearned",
            ),
        ),
    ]
