"""The editors' door to comments: the queue, a verb for each decision, answers, bans, and undoing."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound

from blog.comments.forms import AnswerForm, BanForm, is_key, new_key
from blog.comments.models import ADDRESS, EMAIL, HELD, READER, Comment, newest_id
from blog.comments.moderation.bans import NoSuchBan, ban, ban_word, bannable, bans, unban
from blog.comments.moderation.decisions import Decisions, Pick, clash, decide
from blog.comments.moderation.editor_reply import Answered, Unanswerable, answer_comment
from blog.comments.moderation.queue import (
    ALL,
    PAGE_SIZE,
    STATES,
    Waiting,
    Wanted,
    comments_in,
    shown_of_readers,
    waiting,
)
from blog.comments.moderation.undo import NoSuchEntry, NotUndone, previous_state, undo
from blog.comments.reactions.reports import reports_on
from blog.comments.refusals import NoSuchComment
from blog.db import db, row_id
from blog.editors import audit_log
from blog.editors.access import signed_in_editor
from blog.editors.audit_log import last_undoable_action, list_entries
from blog.editors.models import AuditEntry
from blog.web import error_pages, htmx
from blog.web.csrf import csrf
from blog.web.forms.fields import SEARCH_LENGTH
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

blueprint = Blueprint("comments_desk", __name__, url_prefix="/desk")

# what each button of the queue is called in a form, and what it does
VERBS = {"approval": audit_log.APPROVE, "hold": audit_log.HOLD, "spam": audit_log.SPAM, "removal": audit_log.REMOVE}


@blueprint.errorhandler(NoSuchComment)
@blueprint.errorhandler(NoSuchBan)
@blueprint.errorhandler(NoSuchEntry)
def show_nothing(_error: Exception) -> ResponseReturnValue:
    return error_pages.show(NotFound())


@blueprint.get("/comments")
def index() -> ResponseReturnValue:
    standing = waiting()
    wanted = asked_for(standing)
    page = comments_in(wanted, request.args.get("after"))
    values = known_of(page.items) | {"last": last_undoable_action(signed_in_editor()), "newest": newest_id()}
    return render_template("comments/desk/index.html", page=page, wanted=wanted, states=STATES, **values)


@blueprint.get("/comments/<int:comment_id>")
def show(comment_id: int) -> ResponseReturnValue:
    comment = the_comment(comment_id)
    if htmx.wanted():
        return render_template("comments/desk/_verbs.html", comment=comment)
    return the_page(comment)


@blueprint.post("/comments/<int:comment_id>/approval", endpoint="create_approval", defaults={"noun": "approval"})
@blueprint.post("/comments/<int:comment_id>/hold", endpoint="create_hold", defaults={"noun": "hold"})
@blueprint.post("/comments/<int:comment_id>/spam", endpoint="create_spam", defaults={"noun": "spam"})
@blueprint.post("/comments/<int:comment_id>/removal", endpoint="create_removal", defaults={"noun": "removal"})
@takes_text(why=lazy_gettext("Why (for the log, if you like)"))
def create_decision(comment_id: int, noun: str) -> ResponseReturnValue:
    why, pick = request.form.get("why", "")[:300].strip(), Pick(comment_id, request.form.get("seen", ""))
    return decided(decide(VERBS[noun], [pick], signed_in_editor(), why))


@blueprint.post("/comments/decisions")
def create_decisions() -> ResponseReturnValue:
    verb, picks = VERBS.get(request.form.get("verb", "")) or abort(400), picked()
    done = decide(verb, picks, signed_in_editor()) if picks else Decisions()
    if htmx.wanted():
        return render_template("comments/desk/decisions.htmx.html", done=done, entry=done.entry)
    return redirect(onward("/desk/comments"), 303)


@blueprint.get("/comments/<int:comment_id>/answers/new")
def new_answer(comment_id: int) -> ResponseReturnValue:
    return the_answer(the_comment(comment_id), AnswerForm(formdata=None, key=new_key()))


@blueprint.post("/comments/<int:comment_id>/answers")
@takes_text(AnswerForm)
def create_answer(comment_id: int) -> ResponseReturnValue:
    form, comment = AnswerForm(), the_comment(comment_id)
    key = form.key.data = form.key.data if form.key.data and is_key(form.key.data) else new_key()
    if not form.validate():
        return the_answer(comment, form, 403 if form.token_refused else 422)
    try:
        return answered(answer_comment(comment_id, signed_in_editor(), form.body.data or "", key))
    except Unanswerable as refusal:
        form.form_errors = [str(refusal)]
        return the_answer(comment, form, 422)


@blueprint.get("/comments/<int:comment_id>/bans/new")
def new_ban(comment_id: int) -> ResponseReturnValue:
    comment = the_comment(comment_id)
    return the_ban(comment, BanForm(formdata=None, seen=str(comment.version)))


@blueprint.post("/comments/<int:comment_id>/bans")
@takes_text(BanForm)
def create_ban(comment_id: int) -> ResponseReturnValue:
    comment, form = the_comment(comment_id), BanForm()
    if not form.validate():
        return the_ban(comment, form, 403 if form.csrf_token.errors else 422)
    pick = Pick(comment_id, form.seen.data or "")
    return decided(ban(pick, form.choices.data or [], form.reason.data or "", signed_in_editor()))


@blueprint.get("/bans")
def index_bans() -> ResponseReturnValue:
    page = bans(request.args.get("after"))
    return render_template("comments/desk/bans.html", page=page, last=last_undoable_action(signed_in_editor()))


@blueprint.delete("/bans/<int:ban_id>")
def destroy_ban(ban_id: int) -> ResponseReturnValue:
    unban(ban_id, signed_in_editor())
    return redirect("/desk/bans", 303)


@blueprint.post("/audit/<int:entry_id>/reversal")
def create_reversal(entry_id: int) -> ResponseReturnValue:
    try:
        done = undo(entry_id, signed_in_editor())
    except NotUndone as refusal:
        return not_undone(refusal)
    if htmx.wanted():
        parts = {"entry": done.entry, "comments": done.comments, "sentence": done.sentence}
        return render_template("comments/desk/reverse.htmx.html", **parts)
    return redirect(onward("/desk/comments"), 303)


@blueprint.get("/live")
def show_live() -> ResponseReturnValue:
    """That an editor asks, which is what the shell wants to know before it opens the stream; without one: nothing."""
    return Response(status=204)


# these check their form's own token, so that a refusal can give back what was typed
for view in (create_answer, create_ban):
    csrf.exempt(view)


for word in (waiting, ban_word, previous_state):
    blueprint.add_app_template_global(word)


def asked_for(standing: Waiting) -> Wanted:
    """The filters in the address. Without any, what waits; everything, where nothing does or something is asked for."""
    kind = next((kind for kind in (READER, EMAIL, ADDRESS) if kind in request.args), "")
    like = the_comment(row_id(request.args[kind])) if kind else None
    words, post_id = request.args.get("q", "")[:SEARCH_LENGTH].strip(), row_id(request.args.get("post"))
    wanted = Wanted(request.args.get("state", ALL), words, post_id, kind, like)
    if "state" not in request.args and standing.count and not wanted.narrowed:
        return Wanted(HELD)
    return wanted if wanted.state in STATES else abort(404)


def picked() -> list[Pick]:
    """The marked comments, or all that were on the page; each is sent as `<id>-<version>`."""
    values = request.form.getlist("listed" if "all" in request.form else "comment")[: PAGE_SIZE + 1]
    pairs = [(row_id(number), seen) for number, _dash, seen in (value.partition("-") for value in values)]
    return [Pick(number, seen) for number, seen in pairs if number is not None]


def the_comment(comment_id: int | None) -> Comment:
    comment = db.session.get(Comment, comment_id) if comment_id else None
    return comment or abort(404)


def known_of(comments: list[Comment]) -> dict[str, Any]:
    """What the desk tells of each beside the comment itself, by ids."""
    return {"shown": shown_of_readers(comments), "reports": reports_on(comments)}


def the_page(comment: Comment, status: int = 200, refusal: str = "") -> Response:
    history = list_entries(comment.id, request.args.get("after"))
    values = known_of([comment]) | {
        "history": history,
        "refusal": refusal,
        "last": last_undoable_action(signed_in_editor()),
    }
    return private(render_template("comments/desk/show.html", comment=comment, **values), status)


def decided(done: Decisions) -> ResponseReturnValue:
    """In its place by htmx; else the page that the editor came from, or the comment's own."""
    comment = (done.comments or done.stayed)[0]
    refusal = "" if done.entry else clash(comment)
    status = 409 if refusal else 200
    if htmx.wanted():
        values = {"comment": comment, "entry": done.entry, "refusal": refusal}
        return private(render_template("comments/desk/decide.htmx.html", **values), status)
    return the_page(comment, status, refusal) if refusal else redirect(onward(f"/desk/comments/{comment.id}"), 303)


def answered(done: Answered) -> ResponseReturnValue:
    if htmx.wanted():
        values = {"comment": done.comment, "entry": done.entry}
        return render_template("comments/desk/decide.htmx.html", **values)
    return redirect(f"/desk/comments/{done.answer.id}", 303)


def the_answer(comment: Comment, form: AnswerForm, status: int = 200) -> Response:
    template = "comments/desk/_answer.html" if htmx.wanted() else "comments/desk/answer.html"
    return private(render_template(template, comment=comment, form=form, inline=htmx.wanted()), status)


def the_ban(comment: Comment, form: BanForm, status: int = 200) -> Response:
    template = "comments/desk/_ban.html" if htmx.wanted() else "comments/desk/ban.html"
    values = {"comment": comment, "form": form, "choices": bannable(comment), "inline": htmx.wanted()}
    return private(render_template(template, **values), status)


def not_undone(refusal: NotUndone) -> Response:
    ids = {entry.comment_id for entry in refusal.entries if entry.comment_id}
    comments = [comment for number in sorted(ids) if (comment := db.session.get(Comment, number))]
    entry: AuditEntry = refusal.entries[-1]
    if htmx.wanted():
        values = {"entry": entry, "comments": comments, "refusal": refusal.sentence}
        return private(render_template("comments/desk/reverse.htmx.html", **values), 409)
    page = list_entries(None, None)
    return private(render_template("editors/desk/audit.html", page=page, refusal=refusal.sentence), 409)


# one of the lists here with what it was asked for; no line break, no other host
RETURN = re.compile(r"/desk/(comments|bans|audit)(?:[/?][!-~]*)?")


def onward(otherwise: str) -> str:
    """Where a plain form leads back to: an address of the desk."""
    asked = request.form.get("onward", "")
    return asked if RETURN.fullmatch(asked) and ".." not in asked else otherwise
