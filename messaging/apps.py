from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messages"

    def ready(self) -> None:
        from contacts import person_records, profile_fields
        from contacts.consent.opting_out import opted_out
        from contacts.events import event_changed, event_created
        from contacts.imports import traces
        from contacts.profiles import renamed

        from . import keywords, person_keeper, practice_numbers
        from .composing import blast_conditions, conditions, field_conditions, list_conditions, saved_audiences
        from .inbox import automation_names, conversations, traces_of_texts
        from .models.inbox import tags
        from .scheduling import event_plans, quiet_hours
        from .sending.holds import holds

        conditions.register(*list_conditions.KINDS, field_conditions.FieldIs, blast_conditions.GotMessage)
        holds.register(quiet_hours.hold)
        keywords.owners.register(keywords.claim_of_rule)
        automation_names.register("keyword", automation_names.names_of_rules)
        event_created.connect(event_plans.on_event_created, dispatch_uid="messaging.event_created")
        event_changed.connect(event_plans.on_event_changed, dispatch_uid="messaging.event_changed")
        opted_out.connect(conversations.on_opted_out, dispatch_uid="messaging.opted_out")
        renamed.connect(conversations.on_renamed, dispatch_uid="messaging.renamed")
        profile_fields.users.register(saved_audiences.using_field)
        tags.register(practice_numbers.tag_of)
        traces.texted.register(traces_of_texts.texted_since)
        traces.texted.register(traces_of_texts.in_conversation_since)
        person_records.keepers.register(person_keeper.MessagesKeeper())
