"""The club's data for operators. What a service writes is written by it; what follows a lesson is looked at, not edited."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from . import admin_programmes as admin_programmes  # registers its models too
from . import services
from .admin_read_only import ReadOnly as ReadOnly  # the other apps find it here
from .closed_days import closure_problems
from .models import (
    CLUB_SETTINGS,
    Client,
    Closure,
    Club,
    Enrolment,
    Lesson,
    Membership,
    Notice,
    NoticeQuerySet,
    Place,
    Reminder,
    Subscription,
    SubscriptionUse,
    Teacher,
    places_held,
)


class ThroughServices(ModelAdmin):
    """Rows that a service makes and changes."""

    make: ClassVar[Callable[..., Model]]

    def save_model(self, request: HttpRequest, obj: Model, form: "ModelForm[Any]", change: bool) -> None:
        if change:
            services.change(obj, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            obj.pk = type(self).make(**form.cleaned_data).pk


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    fields = ("user", "role")
    autocomplete_fields = ("user",)


@admin.register(Club)
class ClubAdmin(ModelAdmin):
    list_display = ("name", "country", "language", "time_zone", "reminder_lead_hours", "closed_on_public_holidays")
    list_filter = ("country", "language")
    search_fields = ("name",)
    fields = CLUB_SETTINGS
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: Club, form: "ModelForm[Any]", change: bool) -> None:
        if change:
            services.change_club(club=obj, user=request.user, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            super().save_model(request, obj, form, change)


@admin.register(Teacher)
class TeacherAdmin(ThroughServices):
    make = staticmethod(services.create_teacher)
    list_display = ("last_name", "first_name", "club", "email", "volunteer", "active")
    list_display_links = ("last_name", "first_name")
    list_filter = ("club", "volunteer", "active")
    list_select_related = ("club",)
    search_fields = ("first_name", "last_name", "email")
    fields = ("club", "first_name", "last_name", "email", "phone", "volunteer", "active")


@admin.register(Client)
class ClientAdmin(ThroughServices):
    make = staticmethod(services.create_client)
    list_display = ("last_name", "first_name", "club", "email", "phone")
    list_display_links = ("last_name", "first_name")
    list_filter = ("club",)
    list_select_related = ("club",)
    search_fields = ("first_name", "last_name", "email", "phone")
    fields = (
        "club", "first_name", "last_name", "email", "phone", "birth_date", "address", "level", "horse", "availability", "notes",
    )  # fmt: skip


class SubscriptionForm(ModelForm):  # type: ignore[type-arg]  # generic for the type checker alone
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.pk and not self.errors:
            paid = Subscription.objects.select_related("club").get(pk=self.instance.pk)
            for name, problem in services.problems_of_change(paid, **cleaned).items():
                self.add_error(name, problem)
        return cleaned


@admin.register(Subscription)
class SubscriptionAdmin(ThroughServices):
    make = staticmethod(services.create_subscription)
    form = SubscriptionForm
    list_display = ("client", "club", "kind", "credits", "used", "remaining", "valid_from", "valid_until")
    list_filter = ("club", "kind", "valid_until")
    list_select_related = ("client", "club")
    search_fields = ("client__first_name", "client__last_name")
    autocomplete_fields = ("client",)
    fields = ("club", "client", "kind", "credits", "valid_from", "valid_until")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """It stays with its client, who has lessons from it."""
        return ("club", "client") if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool) -> None:
        if change:
            services.change_subscription(subscription=obj, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            super().save_model(request, obj, form, change)


class ClosureForm(ModelForm):  # type: ignore[type-arg]  # generic for the type checker alone
    def clean(self) -> dict[str, Any]:
        """As on the club's own page."""
        cleaned = super().clean() or {}
        days = [cleaned[name] for name in ("first_day", "last_day") if name in cleaned]
        if len(days) == 2:
            for name, problem in closure_problems(*days).items():
                self.add_error(name, problem)
        return cleaned


@admin.register(Closure)
class ClosureAdmin(ThroughServices):
    make = staticmethod(services.create_closure)
    form = ClosureForm
    list_display = ("first_day", "last_day", "reason", "club")
    list_filter = ("club", "first_day")
    list_select_related = ("club",)
    search_fields = ("reason",)


@admin.register(Place)
class PlaceAdmin(ModelAdmin):
    list_display = ("name", "club")
    list_filter = ("club",)
    list_select_related = ("club",)
    search_fields = ("name",)


class EnrolmentInline(ReadOnly, TabularInline):
    model = Enrolment
    extra = 0
    fields = ("client", "status", "attendance", "charged", "attendance_at", "attendance_by")


class ReminderInline(ReadOnly, TabularInline):
    model = Reminder
    extra = 0
    fields = ("due_at", "sent_at")


@admin.register(Lesson)
class LessonAdmin(ReadOnly, ModelAdmin):
    """A lesson is planned on the club's planning, where overlaps are refused."""

    list_display = ("title", "club", "teacher", "place", "starts_at", "shown_enrolled", "status", "job")
    list_filter = ("club", "status", "starts_at", "teacher")
    list_select_related = ("club", "teacher", "place", "job")
    search_fields = ("title", "teacher__first_name", "teacher__last_name")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at",)
    inlines = (EnrolmentInline, ReminderInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lesson]:
        lessons: QuerySet[Lesson] = super().get_queryset(request)
        return lessons.annotate(enrolled=places_held())

    @admin.display(description=_("enrolled"))
    def shown_enrolled(self, lesson: Any) -> str:
        return f"{lesson.enrolled}/{lesson.capacity}"


@admin.register(SubscriptionUse)
class SubscriptionUseAdmin(ReadOnly, ModelAdmin):
    list_display = ("client", "subscription", "lesson", "created_at", "returned_at")
    list_filter = ("subscription__club", "created_at", ("returned_at", admin.EmptyFieldListFilter))
    list_select_related = ("client", "subscription__client", "lesson")
    search_fields = ("client__first_name", "client__last_name", "lesson__title")


@admin.register(Notice)
class NoticeAdmin(ReadOnly, ModelAdmin):
    list_display = ("shown_status", "kind", "lesson", "recipient_email", "created_at", "sent_at")
    list_filter = ("status", "kind", "club", "created_at")
    list_select_related = ("lesson",)
    search_fields = ("recipient_email", "lesson__title", "message_id")
    actions = ("send_again",)

    @display(  # type: ignore[untyped-decorator]
        description=_("status"),
        ordering="status",
        label={"pending": "", "sending": "info", "sent": "success", "failed": "danger", "unsure": "warning"},
    )
    def shown_status(self, notice: Notice) -> tuple[str, str]:
        return notice.status, notice.get_status_display()

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("lessons.change_notice")

    @admin.action(description=_("Send again what failed or perhaps arrived"), permissions=["operate"])
    def send_again(self, request: HttpRequest, notices: NoticeQuerySet) -> None:
        count = sum(services.resend_notice(notice=notice) for notice in notices.with_details())
        said = ngettext("%(count)d notice goes out again.", "%(count)d notices go out again.", count) % {"count": count}
        self.message_user(request, said, messages.SUCCESS if count else messages.WARNING)


@admin.register(Reminder)
class ReminderAdmin(ReadOnly, ModelAdmin):
    list_display = ("lesson", "due_at", "sent_at")
    list_filter = ("lesson__club", "due_at", ("sent_at", admin.EmptyFieldListFilter))
    list_select_related = ("lesson",)
    search_fields = ("lesson__title",)
