from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messages"

    def ready(self) -> None:
        from contacts.consent.opting_out import opted_out

        from .inbox import conversations

        opted_out.connect(conversations.hear_opt_outs, dispatch_uid="messaging.opted_out")
