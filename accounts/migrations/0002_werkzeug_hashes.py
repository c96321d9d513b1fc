"""Converts Werkzeug's password hashes to Django's own encodings."""

from django.db import migrations
from django.db.models import Q

from accounts.hashers import from_werkzeug

BATCH = 500


PREFIXES = {"werkzeug_scrypt$": "scrypt:", "werkzeug_pbkdf2$": "pbkdf2:sha256:"}


def convert(stored):
    """Converts a hash of the previous system, as stored by it or by version 1.0, to Django's own encoding."""
    original = stored
    for prefix, werkzeugs in PREFIXES.items():
        if stored.startswith(prefix):
            original = werkzeugs + stored.removeprefix(prefix)
    converted = from_werkzeug(original)
    return stored if converted == original else converted


def convert_hashes(apps, schema_editor):
    for model, field in (("AppUser", "password"), ("PasswordHistory", "password_hash")):
        rows = apps.get_model("accounts", model).objects.using(schema_editor.connection.alias).order_by("pk")
        prefixes = ("werkzeug_", "scrypt:", "pbkdf2:")
        old = Q.create([(f"{field}__startswith", prefix) for prefix in prefixes], connector=Q.OR)
        last = 0
        while batch := list(rows.filter(old, pk__gt=last)[:BATCH]):
            for row in batch:
                stored = getattr(row, field)
                # Unless it was changed in the meantime.
                rows.filter(pk=row.pk, **{field: stored}).update(**{field: convert(stored)})
            last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(convert_hashes, migrations.RunPython.noop, elidable=True)]
