import pytest
from django.core.checks import WARNING

from accounts.models import Organization
from smsadmin import checks
from smsadmin.lib.daily_hours import DailyHours

pytestmark = pytest.mark.django_db
TWILIO = "messaging.backends.twilio.TwilioBackend"


def ids(found):
    return {message.id for message in found}


@pytest.fixture
def sends_by_twilio(settings):
    """The settings of a correct installation that really sends."""
    settings.SMS_BACKEND = TWILIO
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32
    settings.TWILIO_AUTH_TOKEN = "not-a-real-token"
    settings.TWILIO_FROM_NUMBER = "+17205550100"
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    settings.ALLOWED_HOSTS = ["sms.example.org"]
    settings.TRUSTED_PROXIES = ["unix"]
    settings.REDIS_URL = ""
    settings.ORGANIZATION_NAME = "Riverside Choir"
    settings.QUIET_HOURS = DailyHours.read("21:00-08:00")
    return settings


def all_checks():
    return [
        *checks.check_dotted_paths(),
        *checks.check_sqlite_file(),
        *checks.check_backup_folder(),
        *checks.check_public_address(),
        *checks.check_queue(),
        *checks.check_twilio(),
        *checks.check_deployment(),
    ]


def set_hsts(settings, seconds, subdomains=False, preload=False):
    settings.SECURE_SSL_REDIRECT = settings.PUBLIC_BASE_URL.startswith("https:")
    settings.SECURE_HSTS_SECONDS = seconds
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD = subdomains, preload


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ((3600,), set()),
        ((31_536_000, True, True), set()),
        ((31_536_000, False, True), {"smsadmin.W019"}),
        ((31_535_999, True, True), {"smsadmin.W019"}),
        ((0, True, False), {"smsadmin.W018", "smsadmin.I001"}),
        ((0, False, True), {"smsadmin.W018", "smsadmin.I001"}),
    ],
)
def test_contradictory_hsts_settings_are_found(sends_by_twilio, how, found):
    set_hsts(sends_by_twilio, *how)
    assert ids(checks.check_hsts()) == found


def test_hsts_without_https_is_found(sends_by_twilio):
    sends_by_twilio.PUBLIC_BASE_URL = ""
    set_hsts(sends_by_twilio, 3600)
    assert ids(checks.check_hsts()) == {"smsadmin.W017"}


def test_disabled_hsts_is_no_warning(sends_by_twilio):
    set_hsts(sends_by_twilio, 0)
    [informed] = checks.check_hsts()
    assert not informed.is_serious(WARNING)


def test_a_backup_folder_that_cannot_exist_is_named(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.BACKUP_DIR = tmp_path / "file" / "backups"
    [found] = checks.check_backup_folder()
    assert found.id == "smsadmin.W016"
    assert f"{tmp_path}/file/backups (BACKUP_DIR): {tmp_path}/file is not a folder." in found.msg


def test_a_backup_folder_that_cannot_be_written_is_named(settings, tmp_path, monkeypatch):
    settings.BACKUP_DIR = tmp_path / "backups"
    monkeypatch.setattr("os.access", lambda *_: False)
    [found] = checks.check_backup_folder()
    assert f"{tmp_path}/backups (BACKUP_DIR): this user cannot write to {tmp_path}." in found.msg


def test_a_good_installation_has_no_findings(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    assert all_checks() == []


def test_every_finding_says_what_to_do(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.PUBLIC_BASE_URL = "http://my_site.local"
    sends_by_twilio.TWILIO_API_BASE_URL = "http://127.0.0.1:9000"
    sends_by_twilio.ADMIN_TEST_PHONE = ""
    found = all_checks()
    assert ids(found) == {f"smsadmin.W0{number}" for number in ("01", "02", "03", "10", "11", "12")}
    assert all(message.hint.endswith(".") for message in found)


def test_a_backend_that_does_not_exist_is_found(settings):
    settings.SMS_BACKEND = "messaging.backends.pigeon.PigeonBackend"
    assert ids(checks.check_dotted_paths()) == {"smsadmin.E001"}


def test_a_handler_that_does_not_exist_is_found(settings):
    settings.INBOUND_HANDLERS = ["messaging.inbound.receive.nothing"]
    assert ids(checks.check_dotted_paths()) == {"smsadmin.E002"}


def test_a_database_file_in_a_folder_that_can_be_written_is_fine(tmp_path):
    assert checks.find_sqlite_problem(tmp_path / "sms.db") == ("", "")


def test_a_missing_folder_is_found(tmp_path):
    problem, hint = checks.find_sqlite_problem(tmp_path / "none" / "sms.db")
    assert "does not exist" in problem
    assert "DATABASE_URL" in hint


def test_a_folder_in_place_of_the_database_file_is_found(tmp_path):
    assert "is a folder" in checks.find_sqlite_problem(tmp_path)[0]


def test_a_database_file_that_cannot_be_written_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(checks.os, "access", lambda path, mode: False)
    problem, hint = checks.find_sqlite_problem(tmp_path / "sms.db")
    assert "cannot be written" in problem
    assert "chown" in hint


@pytest.mark.parametrize("address", ["https://localhost", "https://192.168.1.5", "https://[::1]", "https://sms"])
def test_a_url_that_twilio_cannot_reach_is_found(sends_by_twilio, address):
    sends_by_twilio.PUBLIC_BASE_URL = address
    sends_by_twilio.ALLOWED_HOSTS = ["*"]
    assert ids(checks.check_public_address()) == {"smsadmin.W003"}


def test_debug_on_a_public_site_is_found(sends_by_twilio):
    sends_by_twilio.DEBUG = True
    assert ids(checks.check_public_address()) == {"smsadmin.W007"}


def test_redis_with_sqlite_is_found(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    assert ids(checks.check_queue()) == {"smsadmin.W008"}


def test_credentials_with_the_simulator_are_found(sends_by_twilio):
    sends_by_twilio.SMS_BACKEND = checks.SIMULATOR
    assert ids(checks.check_twilio()) == {"smsadmin.W004"}


def test_a_sender_without_an_account_is_found(settings):
    settings.TWILIO_FROM_NUMBER = "+17205550100"
    assert ids(checks.check_twilio()) == {"smsadmin.W005"}


def test_sending_without_a_public_url_is_found(sends_by_twilio):
    sends_by_twilio.PUBLIC_BASE_URL = ""
    assert ids(checks.check_twilio()) == {"smsadmin.W006"}


def test_an_alphanumeric_sender_gets_a_warning(sends_by_twilio):
    sends_by_twilio.TWILIO_FROM_NUMBER = "CHOIR"
    [found] = checks.check_twilio()
    assert found.id == "smsadmin.W020"
    assert "nobody can text STOP" in found.msg


@pytest.mark.parametrize("sender", ["+17205550100", "55512", ""])
def test_a_sender_that_takes_replies_is_fine(sends_by_twilio, sender):
    sends_by_twilio.TWILIO_FROM_NUMBER = sender
    assert checks.check_twilio() == []


def test_an_installation_that_has_not_decided_on_quiet_hours_gets_a_warning(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.QUIET_HOURS = None
    assert ids(checks.check_deployment()) == {"smsadmin.W024"}
    sends_by_twilio.QUIET_HOURS = DailyHours()
    assert checks.check_deployment() == []


def test_an_installation_without_a_name_gets_a_warning(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.ORGANIZATION_NAME = ""
    assert ids(checks.check_deployment()) == {"smsadmin.W021"}


def test_a_name_entered_on_the_page_organization_is_enough(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.ORGANIZATION_NAME = ""
    Organization.objects.create(name="Riverside Choir")
    assert ids(checks.check_deployment()) == set()


def test_a_reply_with_a_field_that_has_no_value_is_found(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.SMS_HELP_REPLY = "Write to {contact}."
    [found] = checks.check_deployment()
    assert found.id == "smsadmin.W023"
    assert found.msg.startswith("SMS_HELP_REPLY: such a reply has {organization} or {contact} in it")
    Organization.objects.create(contact="choir@example.org")
    assert checks.check_deployment() == []


@pytest.mark.parametrize("name", ["Riverside Neighborhood Choir and Orchestra " * 2, "Chœur de la Rivière"])
def test_answers_that_take_several_segments_get_a_warning(sends_by_twilio, tmp_path, name):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.ORGANIZATION_NAME = name
    [found] = checks.check_deployment()
    assert found.id == "smsadmin.W022"
    assert found.msg.startswith("SMS_OPT_OUT_REPLY")


def test_an_env_file_that_others_can_read_is_found(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    env_file = tmp_path / ".env"
    env_file.touch()
    for mode in (0o644, 0o660, 0o604):
        env_file.chmod(mode)
        assert ids(checks.check_deployment()) == {"smsadmin.W013"}


def test_an_env_file_readable_by_the_services_group_is_fine(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    env_file = tmp_path / ".env"
    env_file.touch()
    for mode in (0o600, 0o640):
        env_file.chmod(mode)
        assert ids(checks.check_deployment()) == set()


def test_an_unlisted_proxy_is_found(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.TRUSTED_PROXIES = []
    assert ids(checks.check_deployment()) == {"smsadmin.W015"}


def test_static_files_that_were_not_collected_are_found(sends_by_twilio, tmp_path):
    sends_by_twilio.BASE_DIR = tmp_path
    sends_by_twilio.STATIC_ROOT = tmp_path
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    sends_by_twilio.STORAGES = {**sends_by_twilio.STORAGES, "staticfiles": {"BACKEND": backend}}
    assert ids(checks.check_deployment()) == {"smsadmin.W014"}
