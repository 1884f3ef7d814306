"""Let editors moderate: queue, decisions, replies, bans and undo."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound

from blog.comments.forms import AnswerForm, BanForm
from blog.comments.models import ADDRESS, EMAIL, HELD, READER, Comment, newest_id
from blog.comments.moderation.bans import (
    NoSuchBan,
    ban,
    ban_word,
    bans,
    describe_ban,
    describe_subject,
    possible_bans,
    unban,
)
from blog.comments.moderation.decisions import Decisions, Pick, decide, explain_conflict
from blog.comments.moderation.editor_reply import CannotReply, EditorReply, reply_to_comment
from blog.comments.moderation.queue import (
    ALL,
    PAGE_SIZE,
    STATES,
    HeldCount,
    QueueFilter,
    comments_in,
    count_held,
    visible_by_same_reader,
)
from blog.comments.moderation.undo import NoSuchEntry, NotUndone, previous_state, undo
from blog.comments.reactions.reports import reports_on
from blog.comments.refusals import NoSuchComment
from blog.comments.status_reasons import translate_status_reason
from blog.comments.submission_keys import new_submission_key
from blog.db import db, parse_id
from blog.editors import audit_log
from blog.editors.access import signed_in_editor
from blog.editors.audit_log import last_undoable_action, list_entries, note
from blog.editors.models import AuditEntry
from blog.web import error_pages, htmx
from blog.web.csrf import csrf
from blog.web.forms.fields import MAX_SEARCH_LENGTH
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

blueprint = Blueprint("comments_desk", __name__, url_prefix="/desk")
blueprint.add_app_template_filter(translate_status_reason, "translated_reason")

# form values of the queue's buttons
VERBS = {"approval": audit_log.APPROVE, "hold": audit_log.HOLD, "spam": audit_log.SPAM, "removal": audit_log.REMOVE}


@blueprint.errorhandler(NoSuchComment)
@blueprint.errorhandler(NoSuchBan)
@blueprint.errorhandler(NoSuchEntry)
def show_not_found(_error: Exception) -> ResponseReturnValue:
    return error_pages.show_error(NotFound())


@blueprint.get("/comments")
def index() -> ResponseReturnValue:
    filters = filters_from_request(count_held())
    page = comments_in(filters, request.args.get("after"))
    values = comment_context(page.items) | {"last": last_undoable_action(signed_in_editor()), "newest": newest_id()}
    return render_template("comments/moderation/desk/index.html", page=page, wanted=filters, states=STATES, **values)


@blueprint.get("/comments/<int:comment_id>")
def show(comment_id: int) -> ResponseReturnValue:
    comment = load_comment(comment_id)
    if htmx.is_htmx_request():
        return render_template("comments/moderation/desk/_status_form.html", comment=comment)
    return render_comment_page(comment)


@blueprint.post("/comments/<int:comment_id>/approval", endpoint="create_approval", defaults={"noun": "approval"})
@blueprint.post("/comments/<int:comment_id>/hold", endpoint="create_hold", defaults={"noun": "hold"})
@blueprint.post("/comments/<int:comment_id>/spam", endpoint="create_spam", defaults={"noun": "spam"})
@blueprint.post("/comments/<int:comment_id>/removal", endpoint="create_removal", defaults={"noun": "removal"})
@takes_text(why=lazy_gettext("Reason (optional, for the log)"))
def create_decision(comment_id: int, noun: str) -> ResponseReturnValue:
    why, pick = request.form.get("why", "")[:300].strip(), Pick(comment_id, request.form.get("seen", ""))
    return respond_to_decision(decide(VERBS[noun], [pick], signed_in_editor(), note(why)))


@blueprint.post("/comments/decisions")
def create_decisions() -> ResponseReturnValue:
    verb, picks = VERBS.get(request.form.get("verb", "")) or abort(400), picks_from_request()
    done = decide(verb, picks, signed_in_editor()) if picks else Decisions()
    if htmx.is_htmx_request():
        return render_template("comments/moderation/desk/decisions.htmx.html", done=done, entry=done.entry)
    return redirect(return_address("/desk/comments"), 303)


@blueprint.get("/comments/<int:comment_id>/answers/new")
def new_answer(comment_id: int) -> ResponseReturnValue:
    return render_answer_form(load_comment(comment_id), AnswerForm(formdata=None, key=new_submission_key()))


@blueprint.post("/comments/<int:comment_id>/answers")
@takes_text(AnswerForm)
def create_answer(comment_id: int) -> ResponseReturnValue:
    form, comment = AnswerForm.from_request(), load_comment(comment_id)
    if not form.validate():
        return render_answer_form(comment, form, 403 if form.token_refused else 422)
    try:
        return respond_to_answer(reply_to_comment(comment_id, signed_in_editor(), *form.body_and_key()))
    except CannotReply as refusal:
        form.form_errors = [str(refusal)]
        return render_answer_form(comment, form, 422)


@blueprint.get("/comments/<int:comment_id>/bans/new")
def new_ban(comment_id: int) -> ResponseReturnValue:
    comment = load_comment(comment_id)
    return render_ban_form(comment, BanForm(formdata=None, seen=str(comment.version)))


@blueprint.post("/comments/<int:comment_id>/bans")
@takes_text(BanForm)
def create_ban(comment_id: int) -> ResponseReturnValue:
    comment, form = load_comment(comment_id), BanForm()
    if not form.validate():
        return render_ban_form(comment, form, 403 if form.csrf_token.errors else 422)
    pick = Pick(comment_id, form.seen.data or "")
    return respond_to_decision(ban(pick, form.choices.data or [], form.reason.data or "", signed_in_editor()))


@blueprint.get("/bans")
def index_bans() -> ResponseReturnValue:
    page = bans(request.args.get("after"))
    return render_template(
        "comments/moderation/desk/bans.html", page=page, last=last_undoable_action(signed_in_editor())
    )


@blueprint.delete("/bans/<int:ban_id>")
def destroy_ban(ban_id: int) -> ResponseReturnValue:
    unban(ban_id, signed_in_editor())
    return redirect("/desk/bans", 303)


@blueprint.post("/audit/<int:entry_id>/reversal")
def create_reversal(entry_id: int) -> ResponseReturnValue:
    try:
        done = undo(entry_id, signed_in_editor())
    except NotUndone as refusal:
        return show_undo_refusal(refusal)
    if htmx.is_htmx_request():
        parts = {"entry": done.entry, "comments": done.comments, "sentence": done.sentence}
        return render_template("comments/moderation/desk/undo.htmx.html", **parts)
    return redirect(return_address("/desk/comments"), 303)


@blueprint.get("/live")
def show_live() -> ResponseReturnValue:
    """Let the ASGI server check that an editor is signed in.

    It asks this view before it opens the stream.
    """
    return Response(status=204)


# these views check the CSRF token in the form, so that a refusal returns the text
for view in (create_answer, create_ban):
    csrf.exempt(view)


for function in (count_held, ban_word, describe_ban, describe_subject, previous_state):
    blueprint.add_app_template_global(function)


def filters_from_request(queue: HeldCount) -> QueueFilter:
    """Read the filters from the query string.

    Default: held comments if there are any and no filter is set, else all.
    """
    kind = next((kind for kind in (READER, EMAIL, ADDRESS) if kind in request.args), "")
    like = load_comment(parse_id(request.args[kind])) if kind else None
    words, post_id = request.args.get("q", "")[:MAX_SEARCH_LENGTH].strip(), parse_id(request.args.get("post"))
    filters = QueueFilter(request.args.get("state", ALL), words, post_id, kind, like)
    if "state" not in request.args and queue.count and not filters.is_filtered:
        return QueueFilter(HELD)
    return filters if filters.state in STATES else abort(404)


def picks_from_request() -> list[Pick]:
    """Read the selected comments, or all of the page, from the form.

    Each value is `<id>-<version>`.
    """
    values = request.form.getlist("listed" if "all" in request.form else "comment")[: PAGE_SIZE + 1]
    pairs = [(parse_id(number), seen) for number, _dash, seen in (value.partition("-") for value in values)]
    return [Pick(number, seen) for number, seen in pairs if number is not None]


def load_comment(comment_id: int | None) -> Comment:
    comment = db.session.get(Comment, comment_id) if comment_id else None
    return comment or abort(404)


def comment_context(comments: list[Comment]) -> dict[str, Any]:
    """Return what the desk shows beside comments, by id."""
    return {"shown": visible_by_same_reader(comments), "reports": reports_on(comments)}


def render_comment_page(comment: Comment, status: int = 200, refusal: str = "") -> Response:
    history = list_entries(comment.id, request.args.get("after"))
    values = comment_context([comment]) | {
        "history": history,
        "refusal": refusal,
        "last": last_undoable_action(signed_in_editor()),
    }
    return private(render_template("comments/moderation/desk/show.html", comment=comment, **values), status)


def respond_to_decision(done: Decisions) -> ResponseReturnValue:
    """Answer with a fragment, or redirect to where the editor came from."""
    comment = (done.comments or done.skipped)[0]
    refusal = "" if done.entry else explain_conflict(comment)
    status = 409 if refusal else 200
    if htmx.is_htmx_request():
        values = {"comment": comment, "entry": done.entry, "refusal": refusal}
        return private(render_template("comments/moderation/desk/decision.htmx.html", **values), status)
    if refusal:
        return render_comment_page(comment, status, refusal)
    return redirect(return_address(f"/desk/comments/{comment.id}"), 303)


def respond_to_answer(done: EditorReply) -> ResponseReturnValue:
    if htmx.is_htmx_request():
        values = {"comment": done.comment, "entry": done.entry}
        return render_template("comments/moderation/desk/decision.htmx.html", **values)
    return redirect(f"/desk/comments/{done.reply.id}", 303)


def render_answer_form(comment: Comment, form: AnswerForm, status: int = 200) -> Response:
    template = (
        "comments/moderation/desk/_reply.html" if htmx.is_htmx_request() else "comments/moderation/desk/reply.html"
    )
    return private(render_template(template, comment=comment, form=form, inline=htmx.is_htmx_request()), status)


def render_ban_form(comment: Comment, form: BanForm, status: int = 200) -> Response:
    template = "comments/moderation/desk/_ban.html" if htmx.is_htmx_request() else "comments/moderation/desk/ban.html"
    values = {"comment": comment, "form": form, "choices": possible_bans(comment), "inline": htmx.is_htmx_request()}
    return private(render_template(template, **values), status)


def show_undo_refusal(refusal: NotUndone) -> Response:
    ids = {entry.comment_id for entry in refusal.entries if entry.comment_id}
    comments = [comment for number in sorted(ids) if (comment := db.session.get(Comment, number))]
    entry: AuditEntry = refusal.entries[-1]
    if htmx.is_htmx_request():
        values = {"entry": entry, "comments": comments, "refusal": refusal.sentence}
        return private(render_template("comments/moderation/desk/undo.htmx.html", **values), 409)
    page = list_entries(None, None)
    return private(render_template("editors/desk/audit.html", page=page, refusal=refusal.sentence), 409)


# a list of the desk with its query; no line break and no other host, so no open redirect
RETURN_PATH = re.compile(r"/desk/(comments|bans|audit)(?:[/?][!-~]*)?")


def return_address(default: str) -> str:
    """Return the desk's address to redirect to after a plain form."""
    address = request.form.get("onward", "")
    return address if RETURN_PATH.fullmatch(address) and ".." not in address else default
