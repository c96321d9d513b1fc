import uuid
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from contacts import phones
from messaging import inbound


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
            sender = phones.normalise(phone)
        except phones.InvalidPhone as problem:
            raise CommandError(problem.sentence) from None
        reply = inbound.receive({"MessageSid": f"SM{uuid.uuid4().hex}", "From": sender, "Body": text}, is_played=True)
        if reply.body:
            self.stdout.write(reply.body)
        else:
            self.stderr.write("There is no answer. The text is in the inbox.")
