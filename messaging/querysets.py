"""Which rows, and bulk changes: the querysets of the messaging models."""

from django.db import models


class MessageLogManager(models.Manager):
    """Leaves `details` in the database: it can be as long as the audience, and no page needs it."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().defer("stored_details")


class DeliveryQuerySet(models.QuerySet):
    pass


class DraftQuerySet(models.QuerySet):
    pass


class SenderSlotQuerySet(models.QuerySet):
    pass
