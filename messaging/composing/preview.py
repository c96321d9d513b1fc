"""Previews of a blast: who gets it, how it reads, and what it costs.

Shared by the compose page, the review page, and the command.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils.text import capfirst, get_text_list
from django.utils.translation import ngettext

from contacts import phones
from smsadmin.lib import dates
from smsadmin.lib.plurals import counted, people

from ..backends import get_backend
from ..models import Draft, Target
from ..text import formatting
from ..text.encoding import MAX_CHARACTERS, Forcing, Measure, forcing_characters, measure, to_gsm
from ..text.personalization import Field, Template, UnknownToken, tidy, with_opt_out_line
from ..text.visibility import is_blank
from .audience import Audience, Headcount, nobody
from .cost import Estimate, cost, estimate, plain_names
from .merge_fields import NO_FIELDS, MergeFields, compile_message

SAMPLES: Final = 5
NAMED_AT_MOST: Final = 5
TEST_PHONE_MISSING: Final = (
    "There is no test phone. Enter your own number under My account, or set ADMIN_TEST_PHONE, such as +17205550100."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the message can't be sent: a sentence, and the form field to fix."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The text for one real recipient. Without any recipient, `phone` is empty."""

    phone: str
    name: str | None
    text: str
    size: Measure


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the numbers that staff see before they send."""

    label: str
    value: str
    notes: tuple[str, ...] = ()


def _in_gsm(piece: str | Field) -> str | Field:
    if isinstance(piece, str):
        return to_gsm(piece, drops_rest=True)
    return replace(piece, fallback=to_gsm(piece.fallback, drops_rest=True))


@dataclass(frozen=True, slots=True)
class Preview:
    """A message for an audience, measured.

    `body` is the whole text with its fields; `template` is None if it has an unknown field. `forcing` are the
    characters that force UCS-2, apart from names.
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
        """How long sending takes; None if no rate is set."""
        rate = settings.SMS_RATE_PER_SECOND
        return self.headcount.recipients / rate if rate else None

    @property
    def names_forcing_ucs2(self) -> int:
        """How many people's names or values alone force UCS-2."""
        return self.estimate.ucs2_recipients if self.estimate and not self.forcing else 0

    @property
    def names_sentence(self) -> str:
        """What accents and the like in names and values add to the cost, for staff; "" if they add nothing."""
        count = self.names_forcing_ucs2
        if not count or self.template is None:
            return ""
        plain = estimate(self.template, plain_names(self.headcount.names))
        added = self.cost - cost(plain.segments, settings.SMS_PRICE_PER_SEGMENT)
        if not added:
            return ""
        if self.template.keys:
            sentence = ngettext(
                "Accents in the name or fields of %(count)s person add %(cost)s.",
                "Accents in the names or fields of %(count)s people add %(cost)s.",
                count,
            )
        else:
            sentence = ngettext(
                "Accents in %(count)s name add %(cost)s.", "Accents in %(count)s names add %(cost)s.", count
            )
        return sentence % {"count": f"{count:,}", "cost": formatting.dollars(added)}

    @property
    def left_out_sentence(self) -> str:
        """Who is left out for lack of a value, as decided, for staff; "" if nobody is."""
        if not self.headcount.incomplete or self.asks_about_values:
            return ""
        return self.headcount.missing.left_out(self.headcount.incomplete)

    @property
    def asks_about_values(self) -> bool:
        """Whether staff have to decide about people without a value."""
        return any(problem.field == "incomplete" for problem in self.problems)

    @property
    def forcing_sentence(self) -> str:
        """What the characters that force UCS-2 do to the cost, and what to do, for staff; "" if there are none."""
        if not self.forcing or self.template is None:
            return ""
        if sentence := self.forcing_cost:
            return f"{sentence} Remove {'it' if len(self.forcing) == 1 else 'them'} to save."
        return f"With {self._forcing_named}, a message holds 70 characters instead of 160."

    @property
    def _forcing_named(self) -> str:
        return get_text_list([found.character for found in self.forcing[:NAMED_AT_MOST]], "and")

    @property
    def forcing_cost(self) -> str:
        """Such as "🎄 doubles the cost: $7.54 instead of $3.77."; "" if the text would cost the same without it."""
        if not self.forcing or self.template is None:
            return ""
        plain = estimate(Template(tuple(map(_in_gsm, self.template.pieces))), self.headcount.names)
        plain_cost = cost(plain.segments, settings.SMS_PRICE_PER_SEGMENT)
        if not 0 < plain_cost < self.cost:
            return ""
        is_one = len(self.forcing) == 1
        verb = "double" if self.cost == 2 * plain_cost else "raise"
        costs = f"{formatting.dollars(self.cost)} instead of {formatting.dollars(plain_cost)}"
        return f"{self._forcing_named} {verb}{'s' if is_one else ''} the cost: {costs}."

    @property
    def plain_button(self) -> str:
        """What to do about `forcing_cost` with one click: "Remove it" or "Replace them".

        "" where nothing can be saved, or where letters would have to go: without them a text says nothing.
        """
        lost = [found for found in self.forcing if found.replacement is None]
        if not self.forcing_cost or any(found.character.isalpha() for found in lost):
            return ""
        return f"{'Remove' if lost else 'Replace'} {'it' if len(self.forcing) == 1 else 'them'}"

    @property
    def details(self) -> str:
        """Segments and encoding, for those who want to know."""
        if self.estimate is None:
            return ""
        in_ucs2 = self.estimate.ucs2_recipients
        total = counted(self.estimate.segments, "segment", "segments")
        if not in_ucs2:
            return f"{total}. Encoding: GSM-7."
        whose = "all texts" if in_ucs2 == self.estimate.recipients else people(in_ucs2)
        return f"{total}. Encoding: UCS-2 for {whose}."

    @property
    def sentence(self) -> str:
        """Such as "To 454 people in the community. 63 are skipped. About $7.54."."""
        count = self.headcount.recipients
        parts = [f"To {self.audience.described(count)}."]
        if skipped := self.headcount.total - count:
            parts.append(ngettext("%s is skipped.", "%s are skipped.", skipped) % f"{skipped:,}")
        if self.estimate is not None:
            price = formatting.dollars(self.cost)
            parts.append(f"About {price}." if price.startswith("$") else f"{capfirst(price)}.")
        return " ".join(parts)

    @property
    def brief(self) -> str:
        """Such as "454 people · $7.54 · 63 skipped"."""
        count = self.headcount.recipients
        parts = [people(count)]
        if self.estimate is not None:
            parts.append(formatting.dollars(self.cost))
        if skipped := self.headcount.total - count:
            parts.append(f"{skipped:,} skipped")
        return " · ".join(parts)

    @property
    def summary(self) -> str:
        """The preview in words, for screen readers."""
        if self.estimate is None:
            return " ".join(problem.sentence for problem in self.problems)
        return f"{self.sentence} Each text {self.counts_as}."

    @property
    def can_be_replaced(self) -> bool:
        """Whether any character that forces UCS-2 can be replaced."""
        return any(forcing.replacement is not None for forcing in self.forcing)

    @property
    def counts_as(self) -> str:
        """Such as "counts as 1 message", or "counts as 1 to 2 messages" depending on names."""
        size = self.estimate
        if not size or size.shortest == size.longest:
            return f"counts as {formatting.messages(size.longest if size else 0)}"
        return f"counts as {size.shortest} to {formatting.messages(size.longest)}"

    @property
    def time_to_send(self) -> str:
        if self.seconds is None:
            return "as long as Twilio needs"
        return dates.duration(self.seconds)

    @property
    def audience_figures(self) -> list[Figure]:
        """Who gets it and what that costs."""
        skipped = self.headcount.total - self.headcount.recipients
        figures = [Figure("Recipients", people(self.headcount.recipients))]
        if skipped:
            figures.append(Figure("Skipped", people(skipped), tuple(self.headcount.skipped_sentences)))
        if self.estimate is not None:
            price = f"at ${settings.SMS_PRICE_PER_SEGMENT.normalize():f} per message"
            total = f"{formatting.messages(self.estimate.segments)} in all"
            figures += [
                Figure("Each text", self.counts_as, (total,)),
                Figure("Estimated cost", formatting.dollars(self.cost), (price,)),
            ]
        figures.append(Figure("Takes", self.time_to_send))
        return figures

    @property
    def figures(self) -> list[Figure]:
        """Everything to know before sending, in order."""
        phone = self.audience.test_phone
        audience = Figure("Audience", self.audience.name, (phone,) if phone else ())
        return [audience, *self.audience_figures, _sender_figure()]


def preview(
    text: str,
    audience: Audience,
    *,
    opt_out_line: bool,
    test_mode: bool = False,
    is_fresh: bool = False,
) -> Preview:
    """Measure `text` for `audience`. With `is_fresh`, counts people now; otherwise, the count may be a minute old.

    People without a value for a field that has no fallback are a problem, unless the audience leaves them out.
    """
    body = with_opt_out_line(text) if opt_out_line else tidy(text)
    problems = []
    template = size = None
    merge = NO_FIELDS
    try:
        template = compile_message(body)
        merge = MergeFields.of(template)
    except UnknownToken as unknown:
        problems.append(Problem("message_body", str(unknown)))
    headcount = audience.headcount(merge) if is_fresh else audience.recent_headcount(merge)
    if is_blank(text):
        problems.append(Problem("message_body", "Write a message."))
    if template is not None:
        size = estimate(template, headcount.names)
        problems += _too_long(size)
    if test_mode and not audience.test_phone:
        problems.append(Problem("test_mode", TEST_PHONE_MISSING))
    if audience.problem:
        problems.append(Problem("definition", audience.problem))
    elif headcount.incomplete and not audience.leaves_out_incomplete:
        problems.append(Problem("incomplete", headcount.missing.choice(headcount.incomplete)))
    else:
        problems += _nobody(audience, headcount)
    return Preview(
        body,
        audience,
        headcount,
        template,
        size,
        _samples(template, audience, headcount, merge) if template and not is_blank(text) else (),
        tuple(forcing_characters("".join(template.literals))) if template else (),
        tuple(problems),
    )


def preview_draft(draft: Draft, *, is_fresh: bool = False) -> Preview:
    """The preview of a draft, saved or not."""
    return preview(
        draft.message_body,
        Audience.of_draft(draft),
        opt_out_line=draft.has_opt_out_line,
        test_mode=draft.test_mode,
        is_fresh=is_fresh,
    )


def sender_name() -> str:
    """The configured sender: the Messaging Service or the number; "" if neither is set."""
    names = []
    if settings.TWILIO_MESSAGING_SERVICE_SID:
        names.append(f"Messaging Service {settings.TWILIO_MESSAGING_SERVICE_SID}")
    if settings.TWILIO_FROM_NUMBER:
        names.append(phones.display(settings.TWILIO_FROM_NUMBER))
    return ", ".join(names)


def _sender_figure() -> Figure:
    name, is_simulated = sender_name(), get_backend().is_simulated
    if not name:
        return Figure("Sender", f"{'Practice mode' if is_simulated else 'None'} (no phone number connected)")
    mode = "Practice mode: no texts are really sent" if is_simulated else "Live: real texts to real phones"
    return Figure("Sender", name, (mode,))


def _samples(template: Template, audience: Audience, headcount: Headcount, merge: MergeFields) -> tuple[Sample, ...]:
    """The first recipients' texts; in test mode, the test phone's."""
    if audience.test_phone:
        found = [replace(audience.example(merge), phone=audience.test_phone)]
    else:
        # Where nobody has a value, looking for people who do would mean looking at everyone again.
        found = (audience.recipients(SAMPLES, merge) if headcount.recipients else []) or [nobody(merge)]
    texts = [(each.phone, each.name, template.render(each.name, each.values)) for each in found]
    return tuple(Sample(phone, name, text, measure(text)) for phone, name, text in texts)


def _too_long(size: Estimate) -> list[Problem]:
    if not size.too_long:
        return []
    over = size.most_characters - MAX_CHARACTERS
    sentence = ngettext(
        "The text is too long for %(people)s: the longest has %(most)s characters, and the limit is %(limit)s. "
        "Shorten it by %(over)s character.",
        "The text is too long for %(people)s: the longest has %(most)s characters, and the limit is %(limit)s. "
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
        sentence = f"Nobody here can be texted: {get_text_list(headcount.skipped_sentences, 'and')}."
    elif audience.retry_of is not None:
        sentence = "There’s nobody left to resend to. Everyone got the text or can’t be texted."
    elif audience.target == Target.EVENT:
        sentence = f"Nobody is registered for {audience.event}. Register people first, or choose another audience."
    elif audience.target == Target.AUDIENCE:
        sentence = "Nobody is in this audience right now. Choose another one."
    elif audience.selection is not None:
        sentence = "None of the selected people are still in the community. Select others on the People list."
    else:
        sentence = "The community is empty. Add or import people first."
    return [Problem("audience", sentence)]
