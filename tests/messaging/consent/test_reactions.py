"""Reactions from phones, and copies of our own texts."""

import pytest

from contacts.models import EventRegistration, UnsubscribedContact
from messaging.consent.reactions import Reaction, read_reaction
from messaging.inbox.timeline import Timeline
from messaging.models import InboxMessage, InboxThread
from surveys.models import SurveyFlow, SurveyResponse, SurveySession
from tests.messaging.inbound.inbound_texts import text_in

ADA = "+17205550123"
LINE = "Reply STOP to unsubscribe."
HAIR, ADDED, TAKEN = "\u200a", "\u200b", "\u200c"


def google(emoji, quoted, words=("", " to "), mark=ADDED):
    """In the format of Google Messages, in any language."""
    return f"{HAIR}{words[0]}{mark}{emoji}{mark}{words[1]}“{HAIR}{quoted}{HAIR}”{HAIR}"


@pytest.mark.parametrize(
    ("body", "reaction"),
    [
        ("Loved “See you at 5”", Reaction("❤️", "See you at 5")),
        ("Liked “See “you” at 5”", Reaction("👍", "See “you” at 5")),
        ("Reacted 🎉 to “See you at 5”", Reaction("🎉", "See you at 5")),
        ("Removed a heart from “See you at 5”", Reaction("❤️", "See you at 5", True)),
        ("Removed 🎉 from “See you at 5”", Reaction("🎉", "See you at 5", True)),
        ("Laughed at an image", Reaction("😂", "")),
        ("Loved “See you…", Reaction("❤️", "See you…")),
        (google("👍", "See you at 5"), Reaction("👍", "See you at 5")),
        (google("👍", "Hasta luego", ("Reaccionó con ", " a ")), Reaction("👍", "Hasta luego")),
        (google("👍", "See you at 5", ("Removed ", " from "), TAKEN), Reaction("👍", "See you at 5", True)),
        ("👍 to “See you at 5”", Reaction("👍", "See you at 5")),
        ("„Bis um 5“ ein Herz hinzugefügt", Reaction("❤️", "Bis um 5")),
        ("A réagi avec 🎉 à « À 5 heures »", Reaction("🎉", "À 5 heures")),
        ("A ajouté un « J’adore » à « À 5 heures ».", Reaction("", "À 5 heures")),
    ],
)
def test_a_reaction_is_recognized_with_its_emoji_and_text(body, reaction):
    assert read_reaction(body) == reaction


@pytest.mark.parametrize(
    "body",
    [
        "I loved the picnic",
        "Loved it!",
        "Liked the “Ave Maria” most",
        "He said “no” again",
        "“quoted words only”",
        "Reacted badly to the nuts",
        "Removed the chairs from the hall",
        "👍 to that",
        "",
    ],
)
def test_a_text_that_only_starts_like_a_reaction_is_not_one(body):
    assert read_reaction(body) is None


def texts():
    return InboxMessage.objects.filter(direction="inbound").order_by("pk")


@pytest.fixture
def blast(make_member, start_blast, send):
    """The delivery of a blast to Ada with the opt-out line."""
    make_member(name="Ada Lovelace", phone=ADA)
    log = send(start_blast(f"Hi {{first_name}}, the picnic is at 5.\n{LINE}"))
    return log.deliveries.get()


@pytest.mark.parametrize(
    "body",
    [
        f"Loved “Hi Ada, the picnic is at 5.\n{LINE}”",
        f"Emphasized “Hi Ada, the picnic is at 5. {LINE}”",
        "Liked “Hi Ada, the picnic is…”",
        google("🎉", f"Hi Ada, the picnic is at 5.\n{LINE}"),
        f"Le encantó “Hi Ada, the picnic is at 5.\n{LINE}”",
    ],
)
def test_a_reaction_to_a_blast_is_shown_on_it_and_is_not_unread(blast, body):
    assert text_in(ADA, body) == ""
    reaction = texts().get()
    assert (reaction.kind, reaction.about_delivery) == ("reaction", blast)
    assert (reaction.is_flagged, reaction.needs_reading) == (False, False)
    thread = InboxThread.objects.get()
    assert (thread.unread_count, thread.flagged_at) == (0, None)
    assert not UnsubscribedContact.objects.exists()
    [entry] = Timeline(thread).page().entries
    assert (entry.name, entry.emoji) == ("blast", reaction.reaction)


def test_a_reaction_to_a_reply_is_shown_on_it(make_rule):
    make_rule(keyword="JOIN", response_body="Welcome to the choir!")
    text_in(ADA, "JOIN")
    text_in(ADA, "Loved “Welcome to the choir!”")
    entries = Timeline(InboxThread.objects.get()).page().entries
    assert [(entry.body, entry.emoji) for entry in entries] == [("JOIN", ""), ("Welcome to the choir!", "❤️")]


def test_a_removed_or_changed_reaction_is_shown_as_it_is_now(blast):
    text_in(ADA, "Liked “Hi Ada, the picnic is…”")
    text_in(ADA, "Loved “Hi Ada, the picnic is…”")
    thread = InboxThread.objects.get()
    assert Timeline(thread).page().entries[0].emoji == "❤️"
    text_in(ADA, "Removed a heart from “Hi Ada, the picnic is…”")
    assert Timeline(thread).page().entries[0].emoji == ""


def test_of_two_texts_with_the_same_words_the_latest_has_the_reaction(make_rule):
    make_rule(keyword="JOIN", response_body="Welcome to the choir!")
    text_in(ADA, "JOIN")
    text_in(ADA, "JOIN")
    text_in(ADA, "Loved “Welcome to the choir!”")
    entries = Timeline(InboxThread.objects.get()).page().entries
    assert [entry.emoji for entry in entries] == ["", "", "", "❤️"]


def test_a_reaction_to_a_text_we_never_sent_is_its_own_entry(db):
    text_in(ADA, "Loved “See you at the lake, Reply STOP to unsubscribe”")
    [entry] = Timeline(InboxThread.objects.get()).page().entries
    assert entry.origin == "Reaction"
    assert not entry.row.is_flagged


def test_searching_for_a_reaction_finds_the_text_it_is_on(blast):
    text_in(ADA, "Loved “Hi Ada, the picnic is…”")
    page = Timeline(InboxThread.objects.get()).page_around(texts().get())
    assert [entry.name for entry in page.entries] == ["blast"]


def test_a_deleted_texts_reaction_is_its_own_entry(make_rule):
    make_rule(keyword="JOIN", response_body="Welcome to the choir!")
    text_in(ADA, "JOIN")
    text_in(ADA, "Loved “Welcome to the choir!”")
    InboxMessage.objects.filter(direction="outbound").delete()
    entries = Timeline(InboxThread.objects.get()).page().entries
    assert [entry.origin for entry in entries] == ["", "Reaction"]


@pytest.fixture
def survey(make_event):
    return SurveyFlow.objects.create(
        name="Picnic",
        trigger_keyword="PICNIC",
        intro_message="Welcome!",
        questions_json='["Your name?", "How many guests?"]',
        completion_message="See you!",
        linked_event=make_event(),
    )


@pytest.mark.parametrize(
    "noise",
    [
        "Loved “Welcome!\n\nYour name?”",
        google("👍", "Welcome!\n\nYour name?"),
        "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get there.",
        "Automatic reply: I am out of the office until Monday.",
        "Thanks for your order. Reply HELP for help, STOP to end.",
    ],
)
def test_automated_texts_do_not_answer_survey_questions(survey, noise):
    text_in(ADA, "PICNIC")
    assert text_in(ADA, noise) == ""
    assert not SurveyResponse.objects.exists()
    assert text_in(ADA, "Ada Lovelace") == "How many guests?"
    assert text_in(ADA, "2") == "See you!"
    assert EventRegistration.objects.get().name == "Ada Lovelace"
    assert SurveySession.objects.get().status == "completed"


@pytest.mark.parametrize(
    "noise",
    [
        "Join us! Reply JOIN to join, STOP to end.",
        "Loved “JOIN”",
        "JOIN\n\nMsg & data rates may apply. Reply STOP to end.",
    ],
)
def test_automated_texts_trigger_no_keyword_so_robots_never_talk(make_rule, noise):
    make_rule(keyword="JOIN")
    make_rule(keyword="LOVED")
    assert text_in(ADA, noise) == ""


@pytest.mark.parametrize(
    "body",
    [
        f"Hi Ada, the picnic is at 5.\n{LINE}",
        f"> Hi Ada, the picnic is at 5.\n> {LINE}",
        f"Fwd: “Hi Ada, the picnic is at 5. {LINE}”",
        f"“{LINE}”",
    ],
)
def test_a_copy_of_our_text_is_neither_an_opt_out_nor_flagged(blast, body):
    assert text_in(ADA, body) == ""
    assert not UnsubscribedContact.objects.exists()
    assert InboxThread.objects.get().flagged_at is None


@pytest.mark.parametrize(
    "body",
    [
        f"STOP\n\nHi Ada, the picnic is at 5.\n{LINE}",
        f"Hi Ada, the picnic is at 5.\n{LINE}\n\nSTOP",
        f"Please stop texting me\n> Hi Ada, the picnic is at 5.\n> {LINE}",
        f"“Hi Ada, the picnic is at 5. {LINE}” Please stop texting me",
    ],
)
def test_what_a_person_adds_to_a_copy_counts(blast, body):
    text_in(ADA, body)
    assert UnsubscribedContact.objects.filter(phone=ADA).exists()


def test_quoting_our_own_opt_out_like_words_is_not_an_opt_out(make_member, start_blast, send):
    make_member(phone=ADA)
    send(start_blast("Tell us if you want us to stop texting you about the bake sale."))
    text_in(ADA, "Tell us if you want us to stop texting you about the bake sale.")
    assert InboxThread.objects.get().flagged_at is None
    text_in(ADA, "Yes please stop texting me about the bake sale.")
    assert InboxThread.objects.get().flagged_at is not None


def test_twilios_own_classification_counts_whatever_the_text_looks_like(db):
    text_in(ADA, "Loved “STOP”", OptOutType="STOP")
    assert UnsubscribedContact.objects.filter(phone=ADA).exists()


def test_a_word_between_invisible_characters_is_not_an_emoji():
    assert read_reaction("\u200bARRET\u200b““") is None
