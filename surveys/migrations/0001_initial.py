import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("surveys", "0002_conversations")]

    initial = True

    dependencies = [
        ("contacts", "0001_initial"),
        ("messaging", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SurveyFlow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True)),
                ("trigger_keyword", models.CharField(max_length=40, unique=True, verbose_name="keyword")),
                ("intro_message", models.TextField(blank=True, null=True, verbose_name="introduction")),
                ("questions_json", models.TextField(verbose_name="questions")),
                ("completion_message", models.TextField(blank=True, null=True, verbose_name="last message")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("start_count", models.IntegerField(default=0, editable=False, verbose_name="started")),
                ("completion_count", models.IntegerField(default=0, editable=False, verbose_name="completed")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "linked_event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="surveys",
                        to="contacts.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "survey",
                "db_table": "survey_flows",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="SurveySession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Under way"),
                            ("completed", "Completed"),
                            ("cancelled", "Left"),
                            ("expired", "No answer"),
                        ],
                        default="active",
                        max_length=20,
                    ),
                ),
                ("current_question_index", models.IntegerField(default=0, verbose_name="answers")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started")),
                (
                    "last_activity_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="last text"),
                ),
                ("completed_at", models.DateTimeField(blank=True, null=True, verbose_name="completed")),
                ("questions_json", models.TextField()),
                ("completion_message", models.TextField(blank=True, null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[("exit", "Texted EXIT"), ("opted_out", "Opted out"), ("restarted", "Started again")],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="surveys.surveyflow"
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="messaging.inboxthread",
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "db_table": "survey_sessions",
            },
        ),
        migrations.CreateModel(
            name="SurveyResponse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=20)),
                ("question_index", models.IntegerField()),
                ("question_prompt", models.TextField()),
                ("answer", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="responses", to="surveys.surveyflow"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="responses",
                        to="surveys.surveysession",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer",
                "db_table": "survey_responses",
            },
        ),
        migrations.AddIndex(
            model_name="surveysession",
            index=models.Index(fields=["survey", "status"], name="ix_sessions_survey_status"),
        ),
        migrations.AddIndex(
            model_name="surveysession",
            index=models.Index(fields=["status", "last_activity_at"], name="ix_sessions_status_activity"),
        ),
        migrations.AddConstraint(
            model_name="surveysession",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "active")), fields=("phone",), name="unique_active_session_phone"
            ),
        ),
        migrations.AddIndex(
            model_name="surveyresponse",
            index=models.Index(fields=["survey", "question_index"], name="ix_responses_survey_question"),
        ),
        migrations.AddConstraint(
            model_name="surveyresponse",
            constraint=models.UniqueConstraint(fields=("session", "question_index"), name="unique_session_question"),
        ),
    ]
