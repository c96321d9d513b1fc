"""A bad setting stops the start with one line.

That it does is seen in processes, as an operator has it; which values are bad is seen in settings that are read here.
"""

import ast
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from tests.processes import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD = {"SECRET_KEY": "not-a-real-secret", "ALLOWED_HOSTS": "sms.example.org", "ENV_FILE": ""}
ACCOUNT = "AC" + "0" * 32


def variables(environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, **GOOD, **environment}


def run(*command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=variables(environment),
        capture_output=True,
        text=True,
        check=False,
    )


def read_settings(**environment):
    """The settings by name, or the SystemExit that reading them raised."""
    with mock.patch.dict(os.environ, variables(environment), clear=True):
        return runpy.run_path(str(ROOT / "smsadmin" / "settings.py"))


def refuse(**environment):
    """The message about these variables."""
    with pytest.raises(SystemExit) as refused:
        read_settings(**environment)
    return refused.value.code


def assert_names(sentence, name, remedy):
    """Asserts that the message is one line about this setting or file."""
    assert "\n" not in sentence
    assert sentence.startswith(f"SMS Admin cannot start: {name} ")
    assert remedy in sentence


def assert_stopped(ended, name, remedy):
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert_names(ended.stderr.rstrip("\n"), name, remedy)


def test_an_invalid_value_stops_the_start_with_one_line():
    assert_stopped(run("manage.py", "check", DEBUG="maybe"), "DEBUG", "Write true or false")


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("SECRET_KEY", "", "Make one with"),
        ("ALLOWED_HOSTS", "", "List the host names"),
        ("ALLOWED_HOSTS", "https://sms.example.org", "Write only names"),
        ("ALLOWED_HOSTS", "sms.example.org:8000", "Write only names"),
        ("DEBUG", "maybe", "Write true or false"),
        ("PORT", "eighty", "from 1 to 65,535"),
        ("PORT", "0", "from 1 to 65,535"),
        ("PORT", "65536", "from 1 to 65,535"),
        ("PUBLIC_BASE_URL", "sms.example.org", "https://sms.example.org"),
        ("PUBLIC_BASE_URL", "ftp://sms.example.org", "https://sms.example.org"),
        ("PUBLIC_BASE_URL", "https://sms.example.org/admin", "https://sms.example.org"),
        ("PUBLIC_BASE_URL", "https://sms.example.org:https", "https://sms.example.org"),
        ("PUBLIC_BASE_URL", "https://[sms", "https://sms.example.org"),
        ("TRUSTED_PROXIES", "127.0.0.1, proxy.example.org", "10.0.0.0/8"),
        ("SESSION_IDLE_MINUTES", "0", "minutes"),
        ("LOGIN_MAX_FAILURES", "0", "failed sign-ins from 1 to 100"),
        ("LOGIN_WINDOW_MINUTES", "five", "minutes"),
        ("LOGIN_LOCK_MINUTES", "-1", "minutes"),
        ("APP_TIMEZONE", "Mars/Olympus", "America/Denver"),
        ("APP_TIMEZONE", "/etc/passwd", "America/Denver"),
        ("DATABASE_URL", "nonsense", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL", "mysql://user:password@host/name", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL", "sqlite://sms.db", "sqlite:////absolute/path/sms.db"),
        ("DATABASE_URL", "postgres://user:password@host:port/name", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL", "postgres://user:password@host", "postgres://user:password@host:5432/name"),
        ("BACKUP_DIR", "manage.py", "Set it to a folder"),
        ("BACKUP_DIR", "~/backups", "Write the full path"),
        ("REDIS_URL", "host:6379", "redis://host:6379/0"),
        ("Q_WORKERS", "2.5", "from 1 to 64"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32, "AC and 32 more characters"),
        ("TWILIO_FROM_NUMBER", "12", "+17205550100"),
        ("TWILIO_MESSAGING_SERVICE_SID", ACCOUNT, "MG and 32 more characters"),
        ("TWILIO_API_BASE_URL", "127.0.0.1:9000", "Leave it empty"),
        ("SMS_BACKEND", "twilio", "Leave it empty"),
        ("SMS_CONCURRENCY", "many", "calls at once from 1 to 200"),
        ("SMS_CONCURRENCY", "201", "calls at once from 1 to 200"),
        ("SMS_RATE_PER_SECOND", "fast5", "messages a second"),
        ("SMS_RATE_PER_SECOND", "nan", "messages a second"),
        ("SMS_RATE_PER_SECOND", "-1", "messages a second"),
        ("SMS_SENDERS_PER_BLAST", "0", "from 1 to 100"),
        ("SMS_BREAKER_SAMPLE", "x", "from 1 to 10,000"),
        ("SMS_UNKNOWN_GRACE_MINUTES", "soon", "minutes"),
        ("INBOX_RETENTION_DAYS", "-1", "days (0: for ever)"),
        ("INBOX_RETENTION_DAYS", "a year", "days"),
        ("SMS_PRICE_PER_SEGMENT", "0,0083", "dollars a segment"),
        ("SMS_PRICE_PER_SEGMENT", "sNaN", "dollars a segment"),
        ("SCHEDULED_MESSAGE_MAX_LAG", "a day", "minutes"),
        ("SMS_OPT_OUT_REPLY", "{organisation}: bye", "{organization} or {contact}"),
        ("SMS_HELP_REPLY", "Call {phone}", "Use {organization} or {contact}"),
        ("DEFAULT_PHONE_REGION", "USA", "a two-letter code"),
        ("ADMIN_TEST_PHONE", "the boss", "+17205550100"),
        ("ADMIN_USERNAME", "the boss", "without spaces"),
        ("ADMIN_USERNAME", "a" * 81, "1 to 80 letters"),
        ("ADMIN_USERNAME", "ann;", "without spaces"),
        ("HSTS_SECONDS", "a year", "seconds"),
        ("HSTS_SECONDS", "-1", "seconds"),
        ("HSTS_PRELOAD", "perhaps", "Write true or false"),
    ],
)
def test_an_invalid_value_is_named_with_a_remedy(name, value, remedy):
    assert_names(refuse(**{name: value}), name, remedy)


def test_an_account_without_a_token_stops_the_start():
    assert_names(refuse(TWILIO_ACCOUNT_SID=ACCOUNT), "TWILIO_AUTH_TOKEN", "Twilio console")


def test_a_token_without_an_account_stops_the_start():
    assert_names(refuse(TWILIO_AUTH_TOKEN="x"), "TWILIO_ACCOUNT_SID", "Twilio console")


def test_an_account_without_a_sender_stops_the_start():
    said = refuse(TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_AUTH_TOKEN="not-a-real-token")
    assert_names(said, "TWILIO_FROM_NUMBER", "+17205550100")


def test_the_twilio_backend_without_an_account_stops_the_start():
    said = refuse(SMS_BACKEND="messaging.backends.twilio.TwilioBackend")
    assert_names(said, "TWILIO_ACCOUNT_SID", "leave SMS_BACKEND empty")


@pytest.mark.slow
def test_gunicorn_does_not_start_with_an_invalid_value():
    address = f"127.0.0.1:{free_port()}"
    ended = run("-m", "gunicorn", "smsadmin.wsgi", "--bind", address, SMS_CONCURRENCY="many")
    assert_stopped(ended, "SMS_CONCURRENCY", "calls at once")


@pytest.mark.slow
def test_valid_values_start():
    ended = run(
        "manage.py",
        "check",
        PUBLIC_BASE_URL="https://sms.example.org/",
        TWILIO_ACCOUNT_SID=ACCOUNT,
        TWILIO_AUTH_TOKEN="not-a-real-token",
        TWILIO_FROM_NUMBER="(720) 555-0100",
        DATABASE_URL="postgres://user:p%40ss@127.0.0.1:5432/sms",
        REDIS_URL="redis://127.0.0.1:6379/0",
        APP_TIMEZONE="Europe/Berlin",
        SMS_RATE_PER_SECOND=" 12.5 ",
        SMS_PRICE_PER_SEGMENT="0.0079",
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def read_setting(name, **environment):
    return read_settings(**environment)[name]


@pytest.mark.parametrize("sender", ["55512", "SMS Admin"])
def test_a_short_code_or_alphanumeric_sender_is_kept_unchanged(sender):
    assert read_setting("TWILIO_FROM_NUMBER", TWILIO_FROM_NUMBER=sender) == sender


def test_the_senders_number_is_normalized():
    assert read_setting("TWILIO_FROM_NUMBER", TWILIO_FROM_NUMBER="720-555-0100") == "+17205550100"


def test_an_answer_may_name_the_organization():
    answer = "{organization} says goodbye"
    given = {"ORGANIZATION_NAME": "Riverside Choir", "SMS_OPT_OUT_REPLY": answer}
    assert read_setting("SMS_OPT_OUT_REPLY", **given) == answer


@pytest.mark.parametrize(
    "address",
    ["https://X.Example.org", "HTTPS://x.example.org", "https://x.example.org:443", "https://x.example.org./"],
)
def test_browsers_are_trusted_however_the_public_url_is_typed(address):
    assert read_setting("CSRF_TRUSTED_ORIGINS", PUBLIC_BASE_URL=address) == ["https://x.example.org"]
    assert read_setting("SESSION_COOKIE_SECURE", PUBLIC_BASE_URL=address)


def test_a_value_that_starts_with_a_dollar_sign_is_used_unchanged():
    assert read_setting("SECRET_KEY", SECRET_KEY="$ecret") == "$ecret"


def test_a_relative_sqlite_path_starts_at_the_project():
    database = read_setting("DATABASES", DATABASE_URL="sqlite:///instance/other.db")["default"]
    assert database["NAME"] == str(ROOT / "instance" / "other.db")


def test_https_switches_the_secure_settings_on():
    assert read_setting("SESSION_COOKIE_SECURE", PUBLIC_BASE_URL="https://sms.example.org") is True


def test_https_alone_does_not_bind_the_domain_to_it():
    read = read_settings(PUBLIC_BASE_URL="https://sms.example.org")
    names = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")
    assert [read[name] for name in names] == [0, False, False]


def test_a_relative_backup_folder_starts_at_the_project():
    assert read_setting("BACKUP_DIR", BACKUP_DIR="instance/other") == ROOT / "instance" / "other"


def test_plain_http_on_localhost_keeps_them_off():
    assert read_setting("SESSION_COOKIE_SECURE", PUBLIC_BASE_URL="") is False


# The file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"SECRET_KEY = spaced\n", "line 1"),
        (b"# A comment\n\nPORT: 8000\n", "line 3"),
        (b"A=1\nPORT=80\x0000\n", "line 2"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not a text file"),
    ],
)
def test_an_unparsable_file_stops_the_start_without_printing_secrets(tmp_path, content, problem):
    env_file = tmp_path / "settings.env"
    env_file.write_bytes(content)
    said = refuse(ENV_FILE=str(env_file))
    assert_names(said, "settings.env", problem)
    assert "spaced" not in said


def test_a_folder_in_place_of_the_file_stops_the_start(tmp_path):
    assert_names(refuse(ENV_FILE=str(tmp_path)), tmp_path.name, "Compare it with .env.example")


def test_the_environment_takes_precedence_over_the_file(tmp_path):
    env_file = tmp_path / "settings.env"
    env_file.write_text("\ufeffPORT=8001\nAPP_TIMEZONE='Europe/Berlin'\n")
    assert read_setting("PORT", ENV_FILE=str(env_file), PORT="8002") == 8002
    assert read_setting("APP_TIMEZONE", ENV_FILE=str(env_file)) == "Europe/Berlin"


def test_a_missing_named_file_stops_the_start(tmp_path):
    said = refuse(ENV_FILE=str(tmp_path / "none.env"))
    assert_names(said, "ENV_FILE", "remove ENV_FILE")
    assert f"{tmp_path}/none.env, which does not exist" in said


def test_an_unnamed_file_may_be_missing():
    assert read_setting("PORT", ENV_FILE="") == 8000


def test_a_file_without_read_permission_stops_the_start(tmp_path, monkeypatch):
    env_file = tmp_path / "settings.env"
    env_file.touch()
    monkeypatch.setattr(Path, "read_text", mock.Mock(side_effect=PermissionError))
    assert_names(
        refuse(ENV_FILE=str(env_file)),
        "settings.env",
        f"Give the user that SMS Admin runs as read access to {env_file}",
    )


# The documentation ------------------------------------------------------------------------------------------


def variables_of_settings():
    """The names that smsadmin/settings.py passes to the functions of smsadmin/env.py, and ENV_FILE."""
    calls = [
        node
        for node in ast.walk(ast.parse((ROOT / "smsadmin" / "settings.py").read_text()))
        if isinstance(node, ast.Call) and re.fullmatch(r"env\.read_\w+", ast.unparse(node.func))
    ]
    return {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)} | {"ENV_FILE"}


def test_the_example_file_documents_each_variable():
    example = (ROOT / ".env.example").read_text()
    documented = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert documented == variables_of_settings() - {"ENV_FILE"}


def test_the_documentation_has_each_variable():
    tables = (ROOT / "docs" / "settings.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)`", tables, re.MULTILINE)) == variables_of_settings()


def test_the_example_file_with_its_values_starts(tmp_path):
    env_file = tmp_path / "copy.env"
    env_file.write_text(re.sub(r"^#([A-Z_]+=)", r"\1", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert read_setting("SMS_CONCURRENCY", ENV_FILE=str(env_file)) == 10


@pytest.mark.slow
def test_a_database_in_a_folder_that_does_not_exist_is_an_error_with_a_hint(tmp_path):
    ended = run("manage.py", "check", DATABASE_URL=f"sqlite:///{tmp_path}/none/sms.db")
    assert ended.returncode == 1
    assert "(smsadmin.E003)" in ended.stderr
    assert "HINT: Create it, or correct DATABASE_URL." in ended.stderr
