from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Surveys"

    def ready(self) -> None:
        from contacts.consent.opting_out import opted_out

        from . import session_ends

        opted_out.connect(session_ends.end_for_opt_out, dispatch_uid="surveys.opted_out")
