from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Surveys"

    def ready(self) -> None:
        from contacts.opting_out import opted_out

        from . import ending

        opted_out.connect(ending.end_for_opt_out, dispatch_uid="surveys.opted_out")
