import pytest

from contacts.models import CommunityMember
from contacts.searching import search

from .conftest import execute, mend, notes, on_postgresql, on_sqlite, problems

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["tables", "indexes", "search", "sequences"])
def test_a_migrated_database_is_as_the_models_say(name):
    assert problems(f"schema.{name}") == notes(f"schema.{name}") == []


def test_a_missing_table_is_found():
    execute("DROP TABLE survey_responses")
    assert problems("schema.tables") == ["The table survey_responses is missing."]


def test_a_missing_column_is_found():
    execute("ALTER TABLE survey_responses DROP COLUMN answer")
    assert problems("schema.tables") == ["survey_responses has no column answer."]


def test_a_column_of_another_type_is_found():
    execute("ALTER TABLE survey_responses DROP COLUMN answer")
    execute("ALTER TABLE survey_responses ADD COLUMN answer integer NOT NULL DEFAULT 0")
    assert problems("schema.tables") == ["survey_responses.answer has the type integer instead of text."]


def test_a_column_that_takes_null_is_found():
    execute("ALTER TABLE survey_responses DROP COLUMN answer")
    execute("ALTER TABLE survey_responses ADD COLUMN answer text")
    assert problems("schema.tables") == ["survey_responses.answer allows NULL, unlike the model."]


def test_a_column_that_nobody_fills_is_found():
    execute("ALTER TABLE survey_responses RENAME COLUMN answer TO reply")
    assert "survey_responses has a column that no model fills: reply. Nothing can be added to the table." in problems(
        "schema.tables"
    )


def test_tables_and_columns_of_others_are_noted():
    execute("CREATE TABLE theirs (id integer)")
    execute("ALTER TABLE survey_responses ADD COLUMN theirs text")
    assert problems("schema.tables") == []
    assert notes("schema.tables") == [
        "survey_responses has a column that no model has: theirs.",
        "1 table is not part of SMS Admin: theirs.",
    ]


@pytest.mark.parametrize(
    ("table", "index"),
    [
        ("deliveries", "ix_deliveries_log_status"),
        ("community_members", "ix_members_last_four"),
        ("inbox_threads", "ix_threads_unread"),
    ],
)
def test_a_lost_index_is_found_and_recreated(only, table, index):
    only(table)
    execute(f"DROP INDEX {index}")
    [sentence] = problems("schema.indexes")
    assert f"has lost its index {index}" in sentence
    assert [index in sentence for sentence in mend("schema.indexes")] == [True]
    assert problems("schema.indexes") == []


def test_an_index_on_other_columns_is_found(only):
    only("message_logs")
    execute("DROP INDEX ix_message_logs_status")
    execute("CREATE INDEX ix_message_logs_status ON message_logs (target)")
    assert problems("schema.indexes") == [
        "The index ix_message_logs_status of message_logs has different columns than the model."
    ]


def test_a_lost_constraint_is_found(only):
    only("users")
    execute("DROP INDEX unique_username_any_case")
    assert problems("schema.indexes") == ["users has lost its constraint unique_username_any_case."]


def test_a_table_that_was_copied_without_its_constraints_is_found(only):
    only("survey_responses")
    execute("CREATE TABLE copy AS SELECT * FROM survey_responses")
    execute("DROP TABLE survey_responses")
    execute("ALTER TABLE copy RENAME TO survey_responses")
    found = problems("schema.indexes")
    assert "survey_responses has lost its primary key." in found
    assert "survey_responses has lost its constraint unique_session_question." in found
    assert "survey_responses.session_id no longer has its foreign key to survey_sessions." in found
    assert "survey_responses has lost the index of session_id, which makes pages slow." in found


def test_a_lost_check_of_values_is_found(only):
    only("contact_imports")
    table, column = "contact_imports", "rows_done"
    execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    execute(f"ALTER TABLE {table} ADD COLUMN {column} integer NOT NULL DEFAULT 0")
    assert problems("schema.indexes") == ["contact_imports.rows_done has lost its check constraint."]


@on_postgresql
def test_an_index_that_was_never_finished_is_found():
    execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_message_logs_status'::regclass")
    [sentence] = problems("schema.indexes")
    assert "ix_message_logs_status is invalid" in sentence


@on_postgresql
def test_a_constraint_that_was_never_validated_is_found():
    execute("ALTER TABLE events ADD CONSTRAINT has_title CHECK (title <> '') NOT VALID")
    assert problems("schema.indexes") == ["The constraint has_title of events does not hold for all rows."]


@on_sqlite
@pytest.mark.parametrize("what", ["TRIGGER community_members_names_update", "TABLE event_registrations_names"])
def test_a_lost_part_of_the_search_index_is_found_and_recreated(what, make_member):
    member = make_member(name="Ada")
    execute(f"DROP {what}")
    assert any(what.split()[1] in sentence for sentence in problems("schema.search"))
    assert mend("schema.search") == ["Rebuilt name search."]
    assert problems("schema.search") == []
    assert list(search(CommunityMember.objects.all(), "ada")) == [member]


@on_sqlite
def test_a_trigger_that_was_changed_is_found():
    execute("DROP TRIGGER community_members_names_delete")
    execute("CREATE TRIGGER community_members_names_delete AFTER DELETE ON community_members BEGIN SELECT 1; END")
    assert problems("schema.search") == ["Name search has lost community_members_names_delete."]


@on_sqlite
def test_an_outdated_search_index_is_found_and_rebuilt(make_member):
    member = make_member(name="Ada")
    [(sql,)] = execute("SELECT sql FROM sqlite_master WHERE name = 'community_members_names_update'")
    execute("DROP TRIGGER community_members_names_update")
    execute("UPDATE community_members SET name = 'Grace'")
    execute(sql)
    assert problems("schema.search") == [
        "Name search is out of sync with community_members, so it doesn't find everyone."
    ]
    mend("schema.search")
    assert problems("schema.search") == []
    assert list(search(CommunityMember.objects.all(), "grace")) == [member]


@on_postgresql
@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("DROP INDEX ix_community_members_names", "ix_community_members_names"),
        ("ALTER TABLE event_registrations DROP COLUMN name_words", "event_registrations.name_words"),
    ],
)
def test_a_lost_part_of_the_search_index_on_postgresql_is_found_and_recreated(sql, name):
    execute(sql)
    assert any(name in sentence for sentence in problems("schema.search"))
    mend("schema.search")
    assert problems("schema.search") == []


@on_postgresql
def test_ids_that_would_be_reused_are_found_and_fixed(make_event):
    make_event(pk=10_000)
    assert problems("schema.sequences") == ["The next id of events is already taken, so rows can't be added."]
    assert mend("schema.sequences") == ["events now continues after its last id."]
    assert problems("schema.sequences") == []
    assert make_event().pk == 10_001


@on_postgresql
def test_a_table_that_gives_no_ids_is_found():
    execute("ALTER TABLE events ALTER COLUMN id DROP IDENTITY")
    [sentence] = problems("schema.sequences")
    assert "no longer generates ids" in sentence
