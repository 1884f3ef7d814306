"""Let editors write, publish and trash posts, and manage labels."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound, UnprocessableEntity

from blog.db import db
from blog.editors.access import signed_in_editor
from blog.media.late_photos import take_late_photo
from blog.media.library import save_picture
from blog.media.picture_errors import PictureRefused
from blog.posts.editing import EditConflict, build_preview, write_post
from blog.posts.forms import LabelForm, PostForm
from blog.posts.labels import NoLabel, count_posts, delete_label, labels_with_counts, rename_label, suggested_labels
from blog.posts.lists import ANY_STATE, STATES, posts_at_desk
from blog.posts.models import PAGE, POST, Label, Post
from blog.posts.publishing import NoPost, NothingToPublish, publish_post, restore_post, trash_post, unpublish_post
from blog.web import error_pages, htmx
from blog.web.csrf import csrf
from blog.web.forms.body_limits import has_desk_session
from blog.web.forms.fields import MAX_SEARCH_LENGTH
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

LIST_URL = re.compile(r"/desk/(posts|pages)\?[!-~]*")

blueprint = Blueprint("posts_desk", __name__, url_prefix="/desk")


@blueprint.before_request
def raise_body_limit() -> None:
    if has_desk_session():
        request.max_content_length = current_app.config["SETTINGS"].max_desk_body


@blueprint.errorhandler(NoPost)
@blueprint.errorhandler(NoLabel)
def show_not_found(_error: Exception) -> ResponseReturnValue:
    return error_pages.show_error(NotFound())


@blueprint.errorhandler(NothingToPublish)
def show_unprocessable(_error: Exception) -> ResponseReturnValue:
    return error_pages.show_error(UnprocessableEntity())


@blueprint.get("/posts", defaults={"kind": POST})
@blueprint.get("/pages", defaults={"kind": PAGE})
def index(kind: str) -> ResponseReturnValue:
    state, words = request.args.get("state", ANY_STATE), request.args.get("q", "")[:MAX_SEARCH_LENGTH].strip()
    if state not in STATES:
        abort(404)
    page = posts_at_desk(kind, state, words, request.args.get("after"))
    template = "posts/desk/_list.html" if htmx.is_htmx_request() else "posts/desk/index.html"
    return render_template(template, page=page, kind=kind, state=state, words=words, states=STATES)


@blueprint.get("/posts/new")
def new() -> ResponseReturnValue:
    return render_form(PostForm.blank(request.args.get("kind", POST), signed_in_editor().name))


@blueprint.post("/posts")
@takes_text(PostForm)
def create() -> ResponseReturnValue:
    return save_form(PostForm())


@blueprint.get("/posts/<int:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """Redirect to the form: after a refusal the browser shows this URL."""
    return redirect(f"/desk/posts/{post_id}/edit", 303)


@blueprint.get("/posts/<int:post_id>/edit")
def edit(post_id: int) -> ResponseReturnValue:
    return render_form(PostForm.for_post(find_post(post_id)))


@blueprint.post("/posts/<int:post_id>")
@takes_text(PostForm)
def update(post_id: int) -> ResponseReturnValue:
    return save_form(PostForm.for_post(find_post(post_id)))


@blueprint.post("/posts/preview")
@blueprint.post("/posts/<int:post_id>/preview")
@takes_text(PostForm)
def show_preview(post_id: int | None = None) -> ResponseReturnValue:
    form = PostForm.for_post(find_post(post_id)) if post_id else PostForm()
    if not validate_with_photo(form) and form.token_refused:
        return render_form(form, 403)
    left_out = [field for field in form if field.errors]
    for field in left_out:
        field.data = ""
    post = build_preview(form.post_input(), form.post)
    return render_template("posts/desk/preview.html", post=post, left_out=left_out)


@blueprint.post("/posts/<int:post_id>/publication")
def create_publication(post_id: int) -> ResponseReturnValue:
    return render_state(publish_post(post_id))


@blueprint.delete("/posts/<int:post_id>/publication")
def destroy_publication(post_id: int) -> ResponseReturnValue:
    return render_state(unpublish_post(post_id))


@blueprint.post("/posts/<int:post_id>/trash")
def create_trash(post_id: int) -> ResponseReturnValue:
    return render_state(trash_post(post_id))


@blueprint.delete("/posts/<int:post_id>/trash")
def destroy_trash(post_id: int) -> ResponseReturnValue:
    return render_state(restore_post(post_id))


@blueprint.get("/labels")
def index_labels() -> ResponseReturnValue:
    return render_template("posts/desk/labels.html", rows=labels_with_counts())


@blueprint.get("/labels/<int:label_id>")
def edit_label(label_id: int) -> ResponseReturnValue:
    label = db.session.get(Label, label_id) or abort(404)
    return render_label(LabelForm(formdata=None, obj=label), label)


@blueprint.post("/labels/<int:label_id>")
@takes_text(LabelForm)
def update_label(label_id: int) -> ResponseReturnValue:
    label, form = db.session.get(Label, label_id) or abort(404), LabelForm()
    if not form.validate():
        return render_label(form, label, 422)
    renamed = rename_label(label_id, form.name.data or "")
    return redirect(f"/desk/labels/{renamed.id}?{'renamed' if renamed.id == label_id else 'merged'}", 303)


@blueprint.delete("/labels/<int:label_id>")
def destroy_label(label_id: int) -> ResponseReturnValue:
    delete_label(label_id)
    return redirect("/desk/labels?deleted", 303)


# these check the form's token themselves, so that a refusal can return the typed text
for view in (create, update, show_preview, update_label):
    csrf.exempt(view)


def find_post(post_id: int) -> Post:
    post = db.session.get(Post, post_id)
    if post is None:
        raise NoPost
    return post


def save_form(form: PostForm) -> Response:
    """Save the form and redirect; on refusal return it with its text."""
    if not validate_with_photo(form):
        return render_form(form, 403 if form.token_refused else 422)
    try:
        post = write_post(
            form.post.id if form.post else None,
            form.post_input(),
            form.action,
            form.updated_at.data or "",
            form.submission_key.data or "",
        )
    except EditConflict as conflict:
        form.set_base(conflict.post)
        return render_form(form, 409)
    except NothingToPublish:
        form.title.errors = [_("Please add a headline.")]
        return render_form(form, 422)
    except SQLAlchemyError as error:
        error_pages.log_failure(error)
        db.session.rollback()
        answer = render_form(form, 503)
        answer.headers["Retry-After"] = str(error_pages.RETRY_SECONDS)
        return answer
    return private(redirect(f"/desk/posts/{post.id}/edit?done={form.action}", 303), 303)


def validate_with_photo(form: PostForm) -> bool:
    """Validate the form; store its photo anyway, since browsers never resubmit files."""
    form.validate()
    content, name = (b"", "") if form.token_refused else submitted_photo()
    if content:
        try:
            form.photo_url.data, form.photo_url.errors = save_picture(content, name), []
        except PictureRefused as refusal:
            form.photo_file.errors = [str(refusal)]
    return not form.errors


def submitted_photo() -> tuple[bytes, str]:
    """Return the photo and file name of this or a resumed request."""
    if photo := request.files.get("photo_file"):
        return photo.read(), photo.filename or ""
    token = request.form.get("late_photo", "")
    return (take_late_photo(signed_in_editor().id, token) if token else None) or b"", ""


def render_form(form: PostForm, status: int = 200) -> Response:
    page = render_template("posts/desk/edit.html", form=form, post=form.post, offered=suggested_labels(), status=status)
    return private(page, status)


def render_label(form: LabelForm, label: Label, status: int = 200) -> Response:
    page = render_template("posts/desk/label.html", form=form, label=label, count=count_posts(label))
    return private(page, status)


def render_state(post: Post) -> ResponseReturnValue:
    """Render the state for htmx; else redirect to the list or form."""
    if htmx.is_htmx_request():
        return render_template("posts/desk/publish.htmx.html", post=post)
    onward = request.form.get("onward", "")
    return redirect(onward if LIST_URL.fullmatch(onward) else f"/desk/posts/{post.id}/edit", 303)
