"""What Twilio itself says about the account and the sender: asked only with --online."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from messaging.backends import AccountReport, Refused, TryLater, get_backend
from messaging.error_codes import classify

from .configuration import compare_clocks
from .findings import Finding, note, ok, problem


def find_account_trouble() -> Iterator[Finding]:
    backend = get_backend()
    if backend.is_simulated:
        yield ok("Texts are simulated, so there is no account to ask about.")
        return
    try:
        report = backend.check_account()
    except Refused as refused:
        yield problem(
            f"Twilio refuses the credentials (code {refused.code}).",
            "Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the Twilio console; the token may have been changed."
            if refused.code in {20003, 20404}
            else classify(refused.code).sentence,
        )
        return
    except TryLater as trouble:
        yield problem(
            f"Twilio cannot be asked: {trouble.reason.rstrip('.')}.",
            "See that this machine may open connections to api.twilio.com, port 443, and try again.",
        )
        return
    yield from _judge(report)


def _judge(report: AccountReport) -> Iterator[Finding]:
    if report.status != "active":
        yield problem(
            f"Twilio says that the account is {report.status}.", "Log in to the Twilio console: it says why."
        )
    else:
        yield ok("Twilio takes the credentials, and the account is active.")
    if report.is_trial:
        yield note(
            "It is a trial account: Twilio texts verified numbers only, and puts a line of its own before each text.",
            "Upgrade it in the Twilio console.",
        )
    for trouble, remedy in report.sender_problems:
        yield problem(trouble, remedy)
    if report.is_sender_asked and not report.sender_problems:
        yield ok("Twilio knows the sender, and it can send texts.")
    yield from _judge_webhook(report)
    if report.server_time:
        yield compare_clocks(report.server_time - timezone.now(), "Twilio's")


def _judge_webhook(report: AccountReport) -> Iterator[Finding]:
    base = settings.PUBLIC_BASE_URL
    if not base or report.inbound_url is None:
        return
    if not report.inbound_url:
        yield problem("Twilio passes no incoming text on: STOP and answers are lost.", _webhook_remedy())
    elif not report.inbound_url.startswith(f"{base}/"):
        yield problem("Twilio passes incoming texts on to another address than PUBLIC_BASE_URL.", _webhook_remedy())
    else:
        yield ok("Twilio passes incoming texts on to this installation.")


def _webhook_remedy() -> str:
    return f"In the Twilio console, let the sender's webhook for messages begin with {settings.PUBLIC_BASE_URL}/."
