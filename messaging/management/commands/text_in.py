import uuid
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from contacts import phones
from contacts.consent import opting_out
from messaging.inbound import receive
from messaging.text.encoding import MAX_CHARACTERS
from messaging.text.visibility import is_blank


class Command(BaseCommand):
    help = (
        "Play a text that somebody sends us, with all its effects (opt-out, survey, keyword reply, inbox), and print "
        "what the sender would be answered. Nothing is sent."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("phone", help="whose text it is, such as +17205550123")
        parser.add_argument("text", help="what the text says, such as JOIN")

    def handle(self, *args: object, phone: str, text: str, **options: object) -> None:
        try:
            sender = phones.as_stored(phone)
        except phones.InvalidPhone as problem:
            raise CommandError(problem.sentence) from None
        if is_blank(text):
            raise CommandError("There is nothing to be seen in this text. Give its words, such as JOIN.")
        if len(text) > MAX_CHARACTERS:
            raise CommandError(
                f"A text message holds at most {MAX_CHARACTERS:,} characters, and this one has "
                f"{len(text):,}. Shorten it."
            )
        was_out = _has_opted_out(sender)
        reply = receive.receive({"MessageSid": f"SM{uuid.uuid4().hex}", "From": sender, "Body": text}, is_played=True)
        is_out = _has_opted_out(sender)
        if is_out != was_out:
            self.stderr.write(f"{sender} {'has opted out' if is_out else 'gets texts again'}. It is on record.")
        if reply.body:
            self.stdout.write(reply.body)
        else:
            why = f", because {sender} has opted out" if was_out and is_out else ""
            self.stderr.write(f"There is no answer{why}. The text is in the inbox.")


def _has_opted_out(phone: str) -> bool:
    return opting_out.opt_outs_of(phone).exists()
