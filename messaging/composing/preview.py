"""What is said about a message before it is sent: to whom it goes, how it reads, what it costs.

One account of it, `preview`, serves the compose page at each keystroke, the confirmation, and the command.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import ngettext

from contacts import phones
from smsadmin.lib import dates
from smsadmin.lib.plurals import people

from ..backends import get_backend
from ..models import Draft, Target
from ..text import formatting
from ..text.encoding import MAX_CHARACTERS, Encoding, Forcing, Measure, forcing_characters, measure
from ..text.personalization import Template, UnknownToken, compile_template, tidy, with_opt_out_line
from ..text.visibility import is_blank
from .audience import Audience, Headcount
from .cost import Estimate, cost, estimate

SAMPLES: Final = 5
UCS2_HOLDS: Final = "a segment of it holds 70 characters in place of 160."
TEST_PHONE_MISSING: Final = (
    "Test mode needs a phone to text. Set ADMIN_TEST_PHONE to your own number, as +17205550100, and restart."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason why the message cannot be sent: a sentence, and the form's field that can mend it."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The text as one real recipient gets it. Without any recipient, `phone` is empty."""

    phone: str
    name: str | None
    text: str
    size: Measure


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the numbers that staff see before they send."""

    label: str
    value: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A message for an audience, measured.

    `body` is the whole text with its fields, and `template` is None where a field in it does not exist.
    `forcing` are the characters in it, names apart, that make it UCS-2.
    """

    body: str
    audience: Audience
    headcount: Headcount
    template: Template | None
    estimate: Estimate | None
    samples: tuple[Sample, ...]
    forcing: tuple[Forcing, ...]
    problems: tuple[Problem, ...]

    @property
    def cost(self) -> Decimal:
        """Dollars, before rounding."""
        return cost(self.estimate.segments if self.estimate else 0, settings.SMS_PRICE_PER_SEGMENT)

    @property
    def seconds(self) -> float | None:
        """How long sending takes; None where no rate is set."""
        rate = settings.SMS_RATE_PER_SECOND
        return self.headcount.recipients / rate if rate else None

    @property
    def names_forcing_ucs2(self) -> int:
        """How many people's names alone make their text UCS-2."""
        return self.estimate.ucs2_recipients if self.estimate and not self.forcing else 0

    @property
    def names_sentence(self) -> str:
        """How many names make their text UCS-2, in words; empty if none does."""
        count = self.names_forcing_ucs2
        if not count:
            return ""
        sentence = ngettext(
            "%s has a name that makes the text UCS-2", "%s have names that make their text UCS-2", count
        )
        return f"{sentence % people(count)}: {UCS2_HOLDS}"

    @property
    def summary(self) -> str:
        """The whole preview in one sentence, for who hears the page."""
        if self.estimate is None:
            return " ".join(problem.sentence for problem in self.problems)
        recipients = people(self.headcount.recipients)
        return f"{self.segments_each} for {recipients}, {formatting.dollars(self.cost)}."

    @property
    def can_be_replaced(self) -> bool:
        """Whether any of the characters that force UCS-2 has a substitute."""
        return any(forcing.replacement is not None for forcing in self.forcing)

    @property
    def segments_each(self) -> str:
        """Such as "1 segment each", or "1 to 2 segments each" where names make a difference."""
        size = self.estimate
        if not size or size.shortest == size.longest:
            return f"{formatting.segments(size.longest if size else 0)} each"
        return f"{size.shortest} to {formatting.segments(size.longest)} each"

    @property
    def time_to_send(self) -> str:
        if self.seconds is None:
            return "as fast as the texts are taken"
        return dates.duration(self.seconds)

    @property
    def audience_figures(self) -> list[Figure]:
        """Who gets it and what that costs."""
        skipped = self.headcount.total - self.headcount.recipients
        figures = [Figure("Recipients", people(self.headcount.recipients))]
        if skipped:
            figures.append(Figure("Skipped", people(skipped), tuple(self.headcount.skipped_sentences)))
        if self.estimate is not None:
            price = f"at ${settings.SMS_PRICE_PER_SEGMENT.normalize():f} a segment"
            figures += [
                Figure("Total segments", f"{self.estimate.segments:,}", (self.segments_each,)),
                Figure("Estimated cost", formatting.dollars(self.cost), (price,)),
            ]
        rate = settings.SMS_RATE_PER_SECOND
        figures.append(Figure("Time to send", self.time_to_send, (f"at {rate:g} a second",) if rate else ()))
        return figures

    @property
    def figures(self) -> list[Figure]:
        """All that is to be known before sending, in order."""
        phone = self.audience.test_phone
        audience = Figure("Audience", self.audience.name, (phone,) if phone else ())
        figures = [audience, *self.audience_figures]
        if self.estimate is not None:
            figures.append(Figure("Encoding", self._encodings()))
        is_simulated = get_backend().is_simulated
        mode = "Simulator: no text leaves this machine" if is_simulated else "Live: real texts to real phones"
        return [*figures, Figure("Sender", sender_name(), (mode,))]

    def _encodings(self) -> str:
        size = self.estimate
        if size is None or not size.ucs2_recipients:
            return Encoding.GSM_7
        if size.ucs2_recipients == size.recipients:
            return Encoding.UCS_2
        return f"{Encoding.GSM_7}, and {Encoding.UCS_2} for {people(size.ucs2_recipients)}"


def preview(
    text: str,
    audience: Audience,
    *,
    opt_out_line: bool,
    test_mode: bool = False,
    is_fresh: bool = False,
) -> Preview:
    """Measure `text` for `audience`. With `is_fresh` people are counted now, else at most a minute ago."""
    body = with_opt_out_line(text) if opt_out_line else tidy(text)
    headcount = audience.headcount() if is_fresh else audience.recent_headcount()
    problems = []
    template = size = None
    try:
        template = compile_template(body)
    except UnknownToken as unknown:
        problems.append(Problem("message_body", str(unknown)))
    if is_blank(text):
        problems.append(Problem("message_body", "Write a message."))
    if template is not None:
        size = estimate(template, headcount.names)
        problems += _too_long(size)
    if test_mode and not audience.test_phone:
        problems.append(Problem("test_mode", TEST_PHONE_MISSING))
    problems += _nobody(audience, headcount)
    return Preview(
        body,
        audience,
        headcount,
        template,
        size,
        _samples(template, audience) if template and not is_blank(text) else (),
        tuple(forcing_characters("".join(piece for piece in template.pieces if isinstance(piece, str))))
        if template
        else (),
        tuple(problems),
    )


def preview_draft(draft: Draft, *, is_fresh: bool = False) -> Preview:
    """The preview of a draft as it stands, saved or not."""
    return preview(
        draft.message_body,
        Audience.of_draft(draft),
        opt_out_line=draft.has_opt_out_line,
        test_mode=draft.test_mode,
        is_fresh=is_fresh,
    )


def can_leave(draft: Draft) -> bool:
    """Whether nothing stands in the way of sending the draft now; a quick look before the click is obeyed."""
    return can_wait(draft) and bool(draft.test_mode or Audience.of_draft(draft).sample(1))


def can_wait(draft: Draft) -> bool:
    """Whether nothing stands in the way of scheduling the draft. Its audience may be empty until it leaves."""
    return not is_blank(draft.message_body) and not (draft.test_mode and not settings.ADMIN_TEST_PHONE)


def sender_name() -> str:
    """Whom recipients see: the Messaging Service or the number of the settings."""
    names = []
    if settings.TWILIO_MESSAGING_SERVICE_SID:
        names.append(f"Messaging Service {settings.TWILIO_MESSAGING_SERVICE_SID}")
    if settings.TWILIO_FROM_NUMBER:
        names.append(phones.display(settings.TWILIO_FROM_NUMBER))
    return ", ".join(names) or "None set"


def _samples(template: Template, audience: Audience) -> tuple[Sample, ...]:
    """The first few people's texts; in test mode the one that the test phone gets."""
    found = audience.sample(1 if audience.test_phone else SAMPLES) or [("", None)]
    if audience.test_phone:
        found = [(audience.test_phone, found[0][1])]
    texts = [(phone, name, template.render(name)) for phone, name in found]
    return tuple(Sample(phone, name, text, measure(text)) for phone, name, text in texts)


def _too_long(size: Estimate) -> list[Problem]:
    if not size.too_long:
        return []
    over = size.most_characters - MAX_CHARACTERS
    sentence = ngettext(
        "The text is too long for %(people)s: the longest has %(most)s characters, %(limit)s are possible. "
        "Shorten it by %(over)s character.",
        "The text is too long for %(people)s: the longest has %(most)s characters, %(limit)s are possible. "
        "Shorten it by %(over)s characters.",
        over,
    )
    values = {
        "people": people(size.too_long),
        "most": f"{size.most_characters:,}",
        "limit": f"{MAX_CHARACTERS:,}",
        "over": f"{over:,}",
    }
    return [Problem("message_body", sentence % values)]


def _nobody(audience: Audience, headcount: Headcount) -> list[Problem]:
    if headcount.recipients:
        return []
    if headcount.total:
        sentence = f"Nobody in this audience can be texted: {get_text_list(headcount.skipped_sentences, 'and')}."
    elif audience.retry_of is not None:
        sentence = "Nobody is left to try again: everyone has the text, or cannot be texted."
    elif audience.target == Target.EVENT:
        sentence = f"Nobody is registered for {audience.event}. Register people first, or choose another audience."
    elif audience.selection is not None:
        sentence = "None of the selected members is in the community any more. Select others on the member list."
    else:
        sentence = "The community is empty. Add or import members first."
    return [Problem("audience", sentence)]
