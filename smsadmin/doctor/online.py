"""What Twilio itself says about the account and the sender; only with --online."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from messaging.backends import AccountReport, Refused, SendError, get_backend
from messaging.error_codes import classify

from .configuration import compare_clocks
from .findings import Finding, note, ok, problem


def find_account_trouble() -> Iterator[Finding]:
    backend = get_backend()
    if backend.is_simulated:
        yield ok("Texts are simulated, so there is no account to check.")
        return
    try:
        report = backend.check_account()
    except SendError as error:
        yield problem(*explain(error))
        return
    yield from _judge(report)


def explain(error: SendError) -> tuple[str, str]:
    """What is wrong where Twilio refuses what we ask about our own account, or cannot be reached, and the remedy."""
    if isinstance(error, Refused) and error.code in {20003, 20404}:
        return (
            f"Twilio rejects the credentials (code {error.code}).",
            "Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the Twilio console; the token may have been changed.",
        )
    if isinstance(error, Refused):
        return f"Twilio refuses it (code {error.code}).", classify(error.code).sentence
    return (
        f"Twilio cannot be reached: {str(error).rstrip('.')}.",
        "Check that this machine can connect to api.twilio.com on port 443, then try again.",
    )


def _judge(report: AccountReport) -> Iterator[Finding]:
    if report.status != "active":
        yield problem(f"Twilio says the account is {report.status}.", "The Twilio console says why.")
    else:
        yield ok("Twilio accepts the credentials, and the account is active.")
    if report.is_trial:
        yield note(
            "This is a trial account: Twilio only texts verified numbers and adds a line of its own to each text.",
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
        yield problem("Twilio doesn't forward incoming texts, so STOP and replies are lost.", _webhook_remedy())
    elif not report.inbound_url.startswith(f"{base}/"):
        yield problem("Twilio forwards incoming texts to an address other than PUBLIC_BASE_URL.", _webhook_remedy())
    else:
        yield ok("Twilio forwards incoming texts to this installation.")


def _webhook_remedy() -> str:
    return f"In the Twilio console, set the sender's messaging webhook to one under {settings.PUBLIC_BASE_URL}/."
