"""What the compose page says about a message as it is typed."""

import uuid

import pytest

from messaging.composing import preview as composing
from messaging.composing.audience import Audience
from messaging.models import Draft, MessageLog, Target
from messaging.text.encoding import measure
from messaging.text.personalization import compile_template, with_opt_out_line
from tests.admin_pages import squeeze

PREVIEW = "/admin/messaging/messagelog/compose/preview/"


@pytest.fixture
def preview(manager_client):
    """The answer of the preview's address to what is in the form."""

    def run(message_body="Hi {first_name}", **fields):
        form = {"token": str(uuid.uuid4()), "to": "community", "message_body": message_body, **fields}
        response = manager_client.post(PREVIEW, form)
        assert response.status_code == 200
        return response.json()

    return run


def test_it_only_answers_posts(manager_client):
    assert manager_client.get(PREVIEW).status_code == 405


def test_a_link_with_a_public_shortener_gets_a_warning(preview, make_member):
    make_member()
    assert "tinyurl.com is a public link shortener" in squeeze(preview("See tinyurl.com/x")["preview"])


def test_it_writes_nothing(preview, make_member):
    make_member()
    preview()
    assert not Draft.objects.exists()
    assert not MessageLog.objects.exists()


def test_it_shows_the_text_as_the_first_recipient_gets_it(preview, make_member):
    make_member(name="Rosa Delgado", phone="+17205550111")
    html = squeeze(preview("Hi {first_name}!", has_opt_out_line="on")["preview"])
    assert "Rosa Delgado" in html
    assert "(720) 555-0111" in html
    assert "Hi Rosa! Reply STOP to unsubscribe." in html


def test_it_skips_people_who_cannot_be_texted(preview, make_member, make_unsubscribed):
    make_unsubscribed(phone=make_member(name="Gone Girl").phone)
    make_member(name="Rosa Delgado")
    html = preview()["preview"]
    assert "Gone" not in html
    assert "Hi Rosa" in html


def test_the_preview_can_page_through_a_few_people(preview, make_member):
    for name in ("Ann", "Bea", "Cleo"):
        make_member(name=name)
    assert "Hi Bea" in preview(sample="1")["preview"]
    assert "Hi Cleo" in preview(sample="99")["preview"]
    assert "Hi Ann" in preview(sample="-3")["preview"]


def test_without_recipients_it_shows_the_text_for_a_missing_name(preview):
    html = squeeze(preview()["preview"])
    assert "Hi there" in html
    assert "The community is empty. Add or import people first." in html


def test_an_empty_form_shows_no_errors(preview, make_member):
    make_member()
    html = preview("")["preview"]
    assert "Write a message to see how it will look" in html
    assert "preview-problem" not in html


def test_an_unknown_field_is_named_at_once(preview, make_member):
    make_member()
    assert "{nmae} is not a field." in preview("Hi {nmae}")["preview"]


def test_it_says_how_many_messages_a_text_counts_as_and_what_is_left(preview, make_member):
    make_member(name="Ann")
    assert "<strong>1 message</strong>, 154 characters left" in squeeze(preview("Hi {name}")["preview"])
    assert "<strong>2 messages</strong>, 145 characters left" in squeeze(preview("x" * 161)["preview"])


def test_characters_that_force_ucs2_are_listed_with_replacements(preview, make_member):
    make_member(name="Ann")
    html = squeeze(preview("It’s on – 🎉")["preview"])
    assert "right single quotation mark: use" in html
    assert "en dash: use" in html
    assert "party popper: no plain-text equivalent" in html


def test_replacing_them_gives_back_the_text(preview, make_member):
    make_member(name="Ann")
    answer = preview("It’s “on” – hi {name}", replace="1")
    assert answer["message_body"] == 'It\'s "on" - hi {name}'
    assert "Counts as <strong>1 message" in squeeze(answer["preview"])


def test_without_replacement_the_typed_text_is_left_alone(preview):
    assert preview("It’s")["message_body"] is None


def test_it_says_what_accents_in_names_add_to_the_cost(preview, make_member):
    make_member(name="Ann")
    make_member(name="Łukasz")
    make_member(name="Ştefan")
    assert "Accents in 2 names add $0.02." in preview("x" * 100 + "{name}")["preview"]
    assert "Accents" not in preview("x" * 100)["preview"]
    assert "Accents" not in preview("Hi {name}")["preview"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("🎄" + "x" * 100, "🎄 doubles the cost: $0.02 instead of $0.01. Remove it to save."),
        ("🎄–" + "x" * 150, "🎄 and – raise the cost: $0.02 instead of $0.01. Remove them to save."),
        ("🎄 Hi", "With 🎄, a message holds 70 characters instead of 160."),
        ("🎄", "With 🎄, a message holds 70 characters instead of 160."),
    ],
)
def test_it_says_what_special_characters_add_to_the_cost(preview, make_member, text, sentence):
    make_member(name="Ann")
    assert sentence in preview(text)["preview"]


def test_screen_readers_get_a_summary_of_the_preview(preview, make_member):
    make_member(name="Ann")
    make_member(name="Bea")
    assert preview("Hi")["summary"] == "To 2 people in the community. About $0.02. Each text counts as 1 message."
    assert "{nmae} is not a field." in preview("Hi {nmae}")["summary"]


def test_names_are_escaped(preview, make_member):
    make_member(name="<img src=x onerror=alert(1)>")
    html = preview("Hi <b>{name}</b>")["preview"]
    assert "<img" not in html
    assert "<b>" not in html


def test_the_numbers_of_an_event_are_its_registrants(preview, make_registration, make_member):
    event = make_registration().event
    make_registration(event=event)
    make_member()
    html = squeeze(preview(to=f"event:{event.pk}")["preview"])
    assert "<dt>Recipients</dt><dd>2 people" in html


def test_until_an_event_is_chosen_it_says_so(preview):
    assert "Choose who gets the message." in preview(to="")["preview"]


def test_what_stays_in_view_is_brief(preview, make_member, make_unsubscribed):
    make_unsubscribed(phone=make_member().phone)
    make_member(name="Ann")
    assert preview("Hi")["brief"] == "1 person · $0.01 · 1 skipped"
    assert preview("Hi {nmae}")["brief"] == "1 person · 1 skipped"
    assert preview("x" * 10_001)["brief"] == ""


def test_another_users_draft_is_not_previewed(preview, manager_client, admin_user):
    draft = Draft.objects.create(created_by=admin_user)
    assert manager_client.post(PREVIEW, {"token": draft.token}).status_code == 403


def test_the_page_shows_the_preview_without_javascript(manager_client, make_member):
    make_member(name="Rosa Delgado")
    form = {"token": uuid.uuid4(), "to": "community", "message_body": "It’s {name}", "preview": "1"}
    page = manager_client.post("/admin/messaging/messagelog/compose/", form).content.decode()
    assert "It’s Rosa Delgado" in page
    assert not Draft.objects.exists()


def test_the_page_replaces_characters_without_javascript(manager_client, make_member):
    make_member()
    form = {"token": uuid.uuid4(), "to": "community", "message_body": "It’s", "replace": "1"}
    response = manager_client.post("/admin/messaging/messagelog/compose/", form)
    assert response.context["form"]["message_body"].value() == "It's"
    assert not Draft.objects.exists()


def test_the_numbers_for_a_thousand_people_are_those_of_their_real_texts(
    make_member, make_unsubscribed, make_suppressed, settings
):
    names = ["Ann", "Bartholomew Featherstonehaugh", None, "Łukasz", "Zoë [Z]", "😀 Smiley"]
    members = [make_member(name=names[index % len(names)]) for index in range(1_000)]
    for member in members[:30]:
        make_unsubscribed(phone=member.phone)
    for member in members[20:40]:
        make_suppressed(phone=member.phone)
    text = "Dear {first_name}, " + "the garden opens again and we look for hands. " * 3 + "Your ticket: {name}"

    shown = composing.preview(text, Audience(Target.COMMUNITY), opt_out_line=True)

    template = compile_template(with_opt_out_line(text))
    sizes = [measure(template.render(member.name)) for member in members[40:]]
    assert shown.headcount.recipients == 960
    assert shown.headcount.skipped == {"opted_out": 30, "suppressed": 10}
    assert shown.estimate.segments == sum(size.segments for size in sizes)
    assert shown.estimate.ucs2_recipients == sum(size.encoding == "UCS-2" for size in sizes)
    assert shown.cost == shown.estimate.segments * settings.SMS_PRICE_PER_SEGMENT


def test_the_time_follows_from_the_rate(make_member, settings):
    settings.SMS_RATE_PER_SECOND = 0.5
    for _ in range(30):
        make_member()
    shown = composing.preview("Hi", Audience(Target.COMMUNITY), opt_out_line=False)
    assert shown.seconds == 60
    assert shown.time_to_send == "about 60 seconds"
