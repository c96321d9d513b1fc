from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Surveys"

    def ready(self) -> None:
        from contacts import person_records
        from contacts.consent.opting_out import opted_out
        from messaging import keywords
        from messaging import practice_phone as phone
        from messaging.composing import conditions
        from messaging.inbox import automation_names

        from . import audience_conditions, conversation, person_keeper, practice_phone, session_ends

        conditions.register(audience_conditions.AnsweredSurvey)
        keywords.owners.register(conversation.claim_of_survey)
        automation_names.register("survey", conversation.names_of_surveys)
        phone.forgetters.register(practice_phone.forget)
        person_records.keepers.register(person_keeper.AnswersKeeper())
        opted_out.connect(session_ends.end_for_opt_out, dispatch_uid="surveys.opted_out")
