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
        "Simulates an incoming text with all its effects (opt-out, survey, keyword reply, inbox), and prints the "
        "reply. Nothing is sent."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("phone", help="The sender, such as +17205550123")
        parser.add_argument("text", help="The text, such as JOIN")

    def handle(self, *args: object, phone: str, text: str, **options: object) -> None:
        try:
            sender = phones.as_stored(phone)
        except phones.InvalidPhone as problem:
            raise CommandError(problem.sentence) from None
        if is_blank(text):
            raise CommandError("This text is empty. Enter some words, such as JOIN.")
        if len(text) > MAX_CHARACTERS:
            raise CommandError(
                f"This text has {len(text):,} characters, and the limit is {MAX_CHARACTERS:,}. Shorten it."
            )
        was_out = _has_opted_out(sender)
        reply = receive.receive(
            {"MessageSid": f"SM{uuid.uuid4().hex}", "From": sender, "Body": text}, is_simulated=True
        )
        is_out = _has_opted_out(sender)
        if is_out != was_out:
            self.stderr.write(f"{sender} {'has opted out' if is_out else 'gets texts again'}. This was recorded.")
        if reply.body:
            self.stdout.write(reply.body)
        else:
            why = f" because {sender} has opted out" if was_out and is_out else ""
            self.stderr.write(f"No reply{why}. The text is in the inbox.")


def _has_opted_out(phone: str) -> bool:
    return opting_out.opt_outs_of(phone).exists()
