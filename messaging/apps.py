from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messages"

    def ready(self) -> None:
        from contacts.opting_out import opted_out

        from . import inbox

        opted_out.connect(inbox.hear_opt_outs, dispatch_uid="messaging.opted_out")
