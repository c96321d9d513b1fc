"""A database of the previous system, built from its documented columns."""

import functools
import hashlib
import json
import sqlite3
from contextlib import closing

TABLES = {
    "users": """id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(80) NOT NULL, password_hash VARCHAR(255) NOT NULL,
        phone VARCHAR(20), role VARCHAR(30) NOT NULL, must_change_password BOOLEAN NOT NULL,
        session_nonce VARCHAR(64) NOT NULL, created_at DATETIME""",
    "user_password_history": """id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL,
        password_hash VARCHAR(255) NOT NULL, created_at DATETIME NOT NULL""",
    "auth_events": """id INTEGER NOT NULL PRIMARY KEY, event_type VARCHAR(50) NOT NULL, outcome VARCHAR(20) NOT NULL,
        user_id INTEGER, username VARCHAR(80), client_ip VARCHAR(45), metadata_json TEXT,
        created_at DATETIME NOT NULL""",
    "login_attempts": """id INTEGER NOT NULL PRIMARY KEY, client_ip VARCHAR(45) NOT NULL,
        username VARCHAR(80) NOT NULL, attempt_count INTEGER NOT NULL, first_attempt_at DATETIME NOT NULL,
        locked_until DATETIME""",
    "community_members": """id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100), phone VARCHAR(20) NOT NULL,
        created_at DATETIME""",
    "events": """id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(200) NOT NULL, date DATE, created_at DATETIME""",
    "event_registrations": """id INTEGER NOT NULL PRIMARY KEY, event_id INTEGER NOT NULL, name VARCHAR(100),
        phone VARCHAR(20) NOT NULL, created_at DATETIME""",
    "unsubscribed_contacts": """id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100), phone VARCHAR(20) NOT NULL,
        reason TEXT, source VARCHAR(50) NOT NULL, created_at DATETIME""",
    "suppressed_contacts": """id INTEGER NOT NULL PRIMARY KEY, phone VARCHAR(20) NOT NULL, reason TEXT,
        category VARCHAR(20) NOT NULL, source VARCHAR(50), source_type VARCHAR(50), source_message_log_id INTEGER,
        created_at DATETIME, updated_at DATETIME""",
    "message_logs": """id INTEGER NOT NULL PRIMARY KEY, created_at DATETIME, message_body TEXT NOT NULL,
        target VARCHAR(20) NOT NULL, event_id INTEGER, status VARCHAR(20), total_recipients INTEGER,
        success_count INTEGER, failure_count INTEGER, details TEXT""",
    "scheduled_messages": """id INTEGER NOT NULL PRIMARY KEY, created_at DATETIME, scheduled_at DATETIME NOT NULL,
        message_body TEXT NOT NULL, target VARCHAR(20) NOT NULL, event_id INTEGER, status VARCHAR(20),
        test_mode BOOLEAN, attempt_count INTEGER NOT NULL, last_attempt_at DATETIME, next_retry_at DATETIME,
        processing_started_at DATETIME, sent_at DATETIME, error_message TEXT, message_log_id INTEGER""",
    "survey_flows": """id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(120) NOT NULL,
        trigger_keyword VARCHAR(40) NOT NULL, intro_message TEXT, questions_json TEXT NOT NULL,
        completion_message TEXT, linked_event_id INTEGER, is_active BOOLEAN NOT NULL,
        start_count INTEGER NOT NULL, completion_count INTEGER NOT NULL, created_at DATETIME NOT NULL,
        updated_at DATETIME NOT NULL""",
    "survey_sessions": """id INTEGER NOT NULL PRIMARY KEY, survey_id INTEGER NOT NULL, thread_id INTEGER NOT NULL,
        phone VARCHAR(20) NOT NULL, status VARCHAR(20) NOT NULL, current_question_index INTEGER NOT NULL,
        started_at DATETIME NOT NULL, last_activity_at DATETIME NOT NULL, completed_at DATETIME""",
    "survey_responses": """id INTEGER NOT NULL PRIMARY KEY, session_id INTEGER NOT NULL, survey_id INTEGER NOT NULL,
        phone VARCHAR(20) NOT NULL, question_index INTEGER NOT NULL, question_prompt TEXT NOT NULL,
        answer TEXT NOT NULL, created_at DATETIME NOT NULL""",
    "inbox_threads": """id INTEGER NOT NULL PRIMARY KEY, phone VARCHAR(20) NOT NULL, contact_name VARCHAR(100),
        unread_count INTEGER NOT NULL, last_message_at DATETIME NOT NULL, last_message_preview TEXT,
        last_direction VARCHAR(10), created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL""",
    "inbox_messages": """id INTEGER NOT NULL PRIMARY KEY, thread_id INTEGER NOT NULL, phone VARCHAR(20) NOT NULL,
        direction VARCHAR(10) NOT NULL, body TEXT NOT NULL, message_sid VARCHAR(64), automation_source VARCHAR(30),
        automation_source_id INTEGER, matched_keyword VARCHAR(40), delivery_status VARCHAR(30), delivery_error TEXT,
        raw_payload TEXT, created_at DATETIME NOT NULL""",
    "keyword_automation_rules": """id INTEGER NOT NULL PRIMARY KEY, keyword VARCHAR(40) NOT NULL,
        response_body TEXT NOT NULL, is_active BOOLEAN NOT NULL, match_count INTEGER NOT NULL,
        last_matched_at DATETIME, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL""",
    "schema_migrations": "version TEXT, applied_at TEXT NOT NULL",
    "schema_migration_lock": "id INTEGER, acquired_at TEXT NOT NULL",
}

# An older version's tables. Tables and columns not listed here were added later.
OLDER = {
    "users": """id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(80) NOT NULL, password_hash VARCHAR(255) NOT NULL,
        role VARCHAR(30) NOT NULL, created_at DATETIME""",
    "login_attempts": """id INTEGER NOT NULL PRIMARY KEY, client_ip VARCHAR(45) NOT NULL,
        attempt_count INTEGER NOT NULL, first_attempt_at DATETIME NOT NULL, locked_until DATETIME""",
    "unsubscribed_contacts": """id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100), phone VARCHAR(20) NOT NULL,
        source VARCHAR(50) NOT NULL, created_at DATETIME""",
    "scheduled_messages": """id INTEGER NOT NULL PRIMARY KEY, created_at DATETIME, scheduled_at DATETIME NOT NULL,
        message_body TEXT NOT NULL, target VARCHAR(20) NOT NULL, event_id INTEGER, status VARCHAR(20),
        test_mode BOOLEAN, sent_at DATETIME, error_message TEXT, message_log_id INTEGER""",
    **{
        table: TABLES[table]
        for table in (
            "community_members",
            "events",
            "event_registrations",
            "suppressed_contacts",
            "message_logs",
            "schema_migrations",
        )
    },
}

TIME = "2024-03-05 17:30:00.123456"

DEFAULTS = {
    "users": {"role": "admin", "must_change_password": 0, "session_nonce": "n", "created_at": TIME},
    "user_password_history": {"created_at": TIME},
    "auth_events": {"event_type": "login", "outcome": "success", "created_at": TIME},
    "login_attempts": {"client_ip": "203.0.113.7", "username": "", "attempt_count": 1, "first_attempt_at": TIME},
    "community_members": {"created_at": TIME},
    "events": {"title": "Picnic", "date": "2024-06-01", "created_at": TIME},
    "event_registrations": {"event_id": 1, "created_at": TIME},
    "unsubscribed_contacts": {"source": "manual", "created_at": TIME},
    "suppressed_contacts": {"category": "hard_fail", "created_at": TIME, "updated_at": TIME},
    "message_logs": {"message_body": "Hello", "target": "community", "status": "sent", "created_at": TIME},
    "scheduled_messages": {
        "message_body": "Soon",
        "target": "community",
        "status": "pending",
        "test_mode": 0,
        "attempt_count": 0,
        "created_at": TIME,
    },
    "survey_flows": {
        "name": "Picnic survey",
        "trigger_keyword": "PICNIC",
        "questions_json": '["What do you bring?", "How many are you?"]',
        "is_active": 1,
        "start_count": 0,
        "completion_count": 0,
        "created_at": TIME,
        "updated_at": TIME,
    },
    "survey_sessions": {
        "survey_id": 1,
        "thread_id": 1,
        "status": "completed",
        "current_question_index": 0,
        "started_at": TIME,
        "last_activity_at": TIME,
    },
    "survey_responses": {
        "session_id": 1,
        "survey_id": 1,
        "question_index": 0,
        "question_prompt": "What do you bring?",
        "created_at": TIME,
    },
    "inbox_threads": {"unread_count": 0, "last_message_at": TIME, "created_at": TIME, "updated_at": TIME},
    "inbox_messages": {"thread_id": 1, "direction": "inbound", "body": "Hi", "created_at": TIME},
    "keyword_automation_rules": {
        "response_body": "We open at 9.",
        "is_active": 1,
        "match_count": 0,
        "created_at": TIME,
        "updated_at": TIME,
    },
}


@functools.cache
def empty_file(statements):
    """The content of a SQLite file after these statements, cached because creating tables is slow."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        return connection.serialize()


class Old:
    """An old database in a file. `add(table, **values)` fills in missing values."""

    def __init__(self, path, tables=TABLES):
        self.path = path
        made = tuple(f"CREATE TABLE {table} ({columns})" for table, columns in tables.items())
        path.write_bytes(empty_file(made))

    def run(self, sql, *values):
        connection = sqlite3.connect(self.path)
        # These needn't survive a power failure.
        connection.execute("PRAGMA synchronous=OFF")
        with connection:
            new_id = connection.execute(sql, values).lastrowid
        connection.close()
        return new_id

    def columns(self, table):
        connection = sqlite3.connect(self.path)
        found = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        connection.close()
        return found

    def add(self, table, **values):
        known = self.columns(table)
        defaults = {name: value for name, value in DEFAULTS.get(table, {}).items() if name in known}
        row = {**defaults, **values}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        return self.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *row.values())  # noqa: S608

    def add_blast(self, *lines, **values):
        entries = [
            {"phone": phone, "name": name, "success": success, "error": error}
            for phone, name, success, error in lines
        ]
        done = sum(1 for line in lines if line[2])
        totals = {"total_recipients": len(lines), "success_count": done, "failure_count": len(lines) - done}
        return self.add("message_logs", **{**totals, "details": json.dumps(entries), **values})


def scrypt(password, salt="Tq3vEoZ1c0aJtX9d", n=2**10):
    """In Werkzeug's format, with a thirtieth of the work that it takes."""
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=8, p=1, maxmem=2**26)
    return f"scrypt:{n}:8:1${salt}${digest.hex()}"


def pbkdf2(password, salt="bWk2x0Yc9aLr", iterations=1000):
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)
    return f"pbkdf2:sha256:{iterations}${salt}${digest.hex()}"
